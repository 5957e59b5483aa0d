// @ts-check
"use strict";

/** Three logits and the right class: the loss, and its gradient with respect to the logits. */
const PMinusY = (() => {
  const { html, svg, written } = Figures;
  const CLASSES = [0, 1, 2];
  const [WIDE, HIGH, MOST] = [360, 190, 6]; // of the curve, and the greatest −log p on it
  const across = (/** @type {number} */ p) => 34 + p * (WIDE - 50);
  const down = (/** @type {number} */ surprise) => 12 + (1 - surprise / MOST) * (HIGH - 50);

  /**
   * The loss of one image, as `loss` gives it (divided by the number of classes), and p − y.
   * @param {number[]} z
   * @param {number} right
   */
  function lossAndGradient(z, right) {
    const logP = [...network.logSoftmax(z.map(Math.fround))];
    const p = [...network.softmax(z.map(Math.fround))];
    const y = z.map((_, each) => Number(each === right));
    return { logP, p, y, gradient: p.map((each, which) => Math.fround(each - y[which])), loss: -logP[right] / z.length };
  }

  /** The curve −log p. @param {number} p @param {number} surprise */
  function curve(p, surprise) {
    const points = Array.from({ length: 200 }, (_, i) => (i + 1) / 200).filter((x) => -Math.log(x) <= MOST);
    const off = surprise > MOST;
    const [x, y] = [across(p), down(Math.min(surprise, MOST))];
    return svg(
      "svg",
      {
        viewBox: `0 0 ${WIDE} ${HIGH}`,
        role: "img",
        "aria-label": `The curve −log p falls from infinity at p = 0 to 0 at p = 1. The point is at p = ${written(p)}.`,
      },
      svg("path", { class: "axis", d: `M${across(0)} ${down(MOST)}V${down(0)}H${across(1)}` }),
      ...[0, 0.5, 1].map((tick) => svg("text", { x: across(tick), y: down(0) + 17, "text-anchor": "middle" }, `${tick}`)),
      ...[0, 2, 4, 6].map((tick) => svg("text", { x: across(0) - 7, y: down(tick) + 4, "text-anchor": "end" }, `${tick}`)),
      svg("text", { x: across(0.5), y: HIGH - 4, "text-anchor": "middle" }, "p, the probability of the right class"),
      svg("text", { x: across(1), y: down(MOST) + 4, "text-anchor": "end" }, "−log p, the surprise"),
      svg("path", { class: "line forward", d: `M${points.map((each) => `${across(each)} ${down(-Math.log(each))}`).join("L")}` }),
      svg("path", { class: "guide", d: `M${across(0)} ${y}H${x}V${down(0)}` }),
      svg("circle", { class: "wrong", cx: x, cy: y, r: 6 }),
      svg(
        "text",
        { class: "strong", x: x > WIDE * 0.6 ? x - 10 : x + 12, y: y + (off ? 5 : -10), "text-anchor": x > WIDE * 0.6 ? "end" : "start" },
        `${off ? "↑ " : ""}${written(surprise, 3)}`,
      ),
    );
  }

  Figures.add(
    "p_minus_y",
    { z0: [2, -8, 8, 0.01], z1: [0.5, -8, 8, 0.01], z2: [-1, -8, 8, 0.01], y: [1, 0, 2, 1] },
    ({ state, slider, choice, button }) => {
      const body = html("tbody");
      const picture = html("div", { class: "chart" });
      const verdict = html("p", { role: "status" });
      const logits = (/** @type {State} */ state) => CLASSES.map((each) => state[`z${each}`]);

      /** @param {State} state */
      function redraw(state) {
        const { logP, p, y, gradient, loss } = lossAndGradient(logits(state), state.y);
        body.replaceChildren(
          ...CLASSES.map((each) =>
            html(
              "tr",
              {},
              html("th", { scope: "row" }, `class ${each}${y[each] ? " ✓" : ""}`),
              html("td", { class: "bar", style: `--size: ${p[each]}` }, written(p[each], 3)),
              html("td", { class: "bar right", style: `--size: ${y[each]}` }, written(y[each])),
              html("td", { class: "signed", style: `--size: ${gradient[each]}` }, written(gradient[each], 3)),
            ),
          ),
        );
        picture.replaceChildren(curve(p[state.y], -logP[state.y]));
        const most = p.indexOf(Math.max(...p));
        verdict.replaceChildren(
          html("strong", {}, `−log p is ${written(-logP[state.y])}.`),
          ` Divided by the ${CLASSES.length} classes, it is the loss, ${written(loss)}. `,
          most !== state.y
            ? `The network believes most in class ${most}, which is wrong: that logit goes down, and the right one goes up.`
            : gradient[state.y] < -0.1
              ? "The network is right, but not sure: the right logit still goes up."
              : "The network is right and sure: belief equals truth, so almost nothing is left to learn.",
        );
      }

      return {
        redraw,
        parts: [
          html(
            "div",
            { class: "controls" },
            ...CLASSES.map((each) => slider(`z${each}`, `Logit of class ${each}`)),
            choice("y", "Right class", CLASSES.map(String)),
          ),
          html(
            "div",
            { class: "buttons" },
            button("Step against p − y", () => {
              const { gradient } = lossAndGradient(logits(state), state.y);
              const stepped = logits(state).map((z, each) => Math.min(Math.max(z - gradient[each], -8), 8));
              return Object.fromEntries(stepped.map((z, each) => [`z${each}`, Number(z.toFixed(2))]));
            }),
            button("Sure and wrong", () => ({ z0: 5, z1: -5, z2: 0, y: 1 })),
            button("Sure and right", () => ({ z0: -5, z1: 5, z2: 0, y: 1 })),
          ),
          html(
            "table",
            { class: "numbers" },
            html("thead", {}, html("tr", {}, html("td"), ...["p", "y", "p − y"].map((name) => html("th", { scope: "col" }, name)))),
            body,
          ),
          picture,
          verdict,
        ],
      };
    },
  );

  return { lossAndGradient };
})();
