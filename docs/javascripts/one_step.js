// @ts-check
"use strict"

/**
 * One step of learning in a network of two inputs, two hidden units and two classes, number by number.
 *
 * @typedef {number[][]} Matrix
 * @typedef {Object} Weights
 * @property {Matrix} W1
 * @property {number[]} b1
 * @property {Matrix} W2
 * @property {number[]} b2
 */
const OneStep = (() => {
  const { html, svg, written } = Figures
  const f32 = Math.fround

  /** @type {Weights} */
  const START = { W1: [[1, 1], [1, -1]], b1: [0, 0], W2: [[1, 2], [-1, 1]], b2: [-3, 3] }
  const IMAGES = [[1, 2], [3, 1]]
  const TARGETS = [[0, 1], [1, 0]]

  /** What the figure shows beside the network, and computes. Each line is Python. */
  const CODE = [
    "z1 = x @ W1.T + b1",
    "a1 = relu(z1)",
    "z2 = a1 @ W2.T + b2",
    "log_p = log_softmax(z2)",
    "loss = -mean(y * log_p)",
    "",
    "d2 = (exp(log_p) - y) / y.size",
    "dW2, db2 = d2.T @ a1, d2.sum(0)",
    "da1 = d2 @ W2",
    "d1 = da1 * (z1 > 0)",
    "dW1, db1 = d1.T @ x, d1.sum(0)",
    "",
    "W1 -= eta * dW1",
    "b1 -= eta * db1",
    "W2 -= eta * dW2",
    "b2 -= eta * db2",
  ]

  /** @param {Matrix} a @returns {Matrix} */
  const transposed = a => a[0].map((_, column) => a.map(row => row[column]))

  /** a @ b.T, rounded to float32 at every step. @param {Matrix} a @param {Matrix} b */
  const times = (a, b) => a.map(row => b.map(other => row.reduce((sum, x, i) => f32(sum + f32(x * other[i])), 0)))

  /** @template T @param {T[]} a @param {T[]} b @param {(x: T, y: T) => T} f */
  const both = (a, b, f) => a.map((x, i) => f(x, b[i]))

  /** @param {Matrix} a @param {number[]} b */
  const plus = (a, b) => a.map(row => both(row, b, (x, y) => f32(x + y)))

  /** @param {Weights} params @param {number} n  The first n images are the batch. */
  function forward({ W1, b1, W2, b2 }, n) {
    const z1 = plus(times(IMAGES.slice(0, n), W1), b1)
    const a1 = z1.map(row => row.map(x => Math.max(x, 0)))
    const z2 = plus(times(a1, W2), b2)
    const logP = z2.map(row => [...network.logSoftmax(row)])
    const losses = logP.flatMap((row, i) => row.map((each, k) => -TARGETS[i][k] * each))
    return { z1, a1, z2, logP, p: logP.map(row => row.map(x => f32(Math.exp(x)))), loss: f32(mean(losses)) }
  }

  /** @param {number[]} all */
  const mean = all => all.reduce((sum, each) => sum + each, 0) / all.length

  /** Every number of a step: what the lines of CODE compute. @param {number} n @param {number} eta */
  function step(n, eta) {
    const there = forward(START, n)
    const d2 = there.p.map((row, i) => row.map((p, k) => f32(f32(p - TARGETS[i][k]) / (2 * n))))
    const da1 = times(d2, transposed(START.W2))
    const d1 = da1.map((row, i) => row.map((x, j) => (there.z1[i][j] > 0 ? x : 0)))
    const sum = (/** @type {Matrix} */ rows) => rows.reduce((a, b) => both(a, b, (x, y) => f32(x + y)))
    const slopes = {
      W1: times(transposed(d1), transposed(IMAGES.slice(0, n))),
      b1: sum(d1),
      W2: times(transposed(d2), transposed(there.a1)),
      b2: sum(d2),
    }
    const against = (/** @type {number} */ x, /** @type {number} */ slope) => f32(x - f32(f32(eta) * slope))
    /** @type {Weights} */
    const after = {
      W1: both(START.W1, slopes.W1, (row, by) => both(row, by, against)),
      b1: both(START.b1, slopes.b1, against),
      W2: both(START.W2, slopes.W2, (row, by) => both(row, by, against)),
      b2: both(START.b2, slopes.b2, against),
    }
    return { ...there, d2, da1, d1, slopes, after, again: forward(after, n) }
  }

  /**
   * The steps that the figure takes: which lines of CODE they run, what is said, and what they light.
   * @type {{ lines: number[], title: string, say: (s: ReturnType<typeof step>, i: number, eta: number) => string }[]}
   */
  const STEPS = [
    {
      lines: [],
      title: "Before",
      say: (_, i) =>
        `An image, x = ${list(IMAGES[i])}, of class ${TARGETS[i].indexOf(1)}. The edges carry the weights.`,
    },
    {
      lines: [0],
      title: "Forwards: weighted sums",
      say: (s, i) => `Each hidden unit adds up its inputs times its weights, and its bias: z₁ = ${list(s.z1[i])}.`,
    },
    {
      lines: [1],
      title: "Forwards: relu",
      say: (s, i) =>
        `relu keeps what is positive: a₁ = ${list(s.a1[i])}. ${s.z1[i][1] > 0 ? "Both units are active." : "The second unit is inactive."}`,
    },
    {
      lines: [2],
      title: "Forwards: logits",
      say: (s, i) => `The last layer adds up again: the logits are z₂ = ${list(s.z2[i])}.`,
    },
    {
      lines: [3, 4],
      title: "Forwards: loss",
      say: (s, i) =>
        `Softmax makes them probabilities, p = ${list(s.p[i])}. The loss of the batch is ${written(s.loss)}.`,
    },
    {
      lines: [6],
      title: "Backwards: p − y",
      say: (s, i) =>
        `The gradient starts at the logits: p − y, divided by ${s.d2.length * 2}, the entries of y. It is ${list(s.d2[i])}.`,
    },
    {
      lines: [7],
      title: "Backwards: last weights",
      say: () => "Each weight's gradient is the gradient at its right end times the activation at its left end.",
    },
    {
      lines: [8],
      title: "Backwards: through the weights",
      say: (s, i) =>
        `The same weights carry the gradient back: each hidden unit gets what it caused, ${list(s.da1[i])}.`,
    },
    {
      lines: [9],
      title: "Backwards: through relu",
      say: (s, i) => `Active units let the gradient through, inactive ones nothing: ${list(s.d1[i])}.`,
    },
    {
      lines: [10],
      title: "Backwards: first weights",
      say: () => "Again each weight's gradient is the gradient at its right end times the input at its left end.",
    },
    {
      lines: [12, 13, 14, 15],
      title: "The step",
      say: (_, __, eta) =>
        `Every number moves against its gradient, by ${written(eta)} times the gradient. The edges carry the new weights.`,
    },
    {
      lines: [0, 1, 2, 3, 4],
      title: "Forwards again",
      say: (s, i) =>
        `With the new weights p = ${list(s.again.p[i])}, and the loss ${s.again.loss < s.loss ? "fell" : s.again.loss > s.loss ? "rose" : "went"} from ${written(s.loss)} to ${written(s.again.loss)}.`,
    },
  ]
  /** What the steps are called below, by their order. */
  const [, SUMS, RELU, LOGITS, LOSS, AT_P, AT_W2, THROUGH_W2, THROUGH_RELU, AT_W1, STEP, LAST] = STEPS.keys()

  /** At most three digits, and three behind the point, so that it fits the drawing. @param {number} x */
  const short = x => written(Number(x.toFixed(3)), 3)

  /** @param {number[]} values */
  const list = values => `(${values.map(each => written(each, 3)).join(", ")})`

  /** Where the three columns and the two rows of the drawing are. */
  const [X, Y, HALF] = [[36, 200, 351], [84, 262], [30, 50, 47]]

  /**
   * The network as far as the step `at`, with the numbers of image i.
   * @param {ReturnType<typeof step>} s
   * @param {number} at
   * @param {number} i
   * @param {number} eta
   */
  function drawn(s, at, i, eta) {
    const params = at >= STEP ? s.after : START
    const shown = at === LAST ? s.again : s
    const back = at >= AT_P && at <= STEP
    const there = at === STEP ? "name" : "forward" // after the step, what the old parameters gave is past
    const parts = []

    for (const layer of [0, 1]) {
      const [w, slopes] = layer ? [params.W2, s.slopes.W2] : [params.W1, s.slopes.W1]
      const ways = { forward: layer ? [LOGITS, LAST] : [SUMS, LAST], backward: layer ? [AT_W2, THROUGH_W2] : [AT_W1] }
      const lit = ways.forward.includes(at) ? "forward" : ways.backward.includes(at) ? "backward" : ""
      for (const to of [0, 1]) {
        for (const from of [0, 1]) {
          const [x1, x2] = [X[layer] + HALF[layer], X[layer + 1] - HALF[layer + 1]]
          parts.push(svg("path", { class: `edge ${lit}`, d: `M${x1} ${Y[from]}L${x2} ${Y[to]}` }))
          const along = from === to ? 0.5 : 0.3
          const x = x1 + along * (x2 - x1)
          const y = Y[from] + along * (Y[to] - Y[from]) - (from === to ? 9 : 0)
          parts.push(text(x, y, at === STEP ? "strong" : "", short(w[to][from]), `w${layer + 1}-${to}${from}`))
          if (back && at >= (layer ? AT_W2 : AT_W1)) {
            const below = y + (from === to ? 26 : 16)
            parts.push(text(x, below, "backward", short(slopes[to][from]), `dw${layer + 1}-${to}${from}`))
          }
        }
      }
    }

    for (const row of [0, 1]) {
      const off = at >= RELU && shown.a1[i][row] === 0
      const hidden =
        at === SUMS || at === RELU
          ? "forward"
          : at === THROUGH_W2 || at === THROUGH_RELU
            ? "backward"
            : off
              ? "inactive"
              : ""
      const output = at === LOGITS || at === LOSS || at === LAST ? "forward" : at === AT_P ? "backward" : ""
      parts.push(
        ...node(0, row, "", [["", `x${"₁₂"[row]} = ${written(IMAGES[i][row])}`, `x-${row}`]]),
        ...node(1, row, hidden, [
          at >= SUMS && [there, `z = ${short(shown.z1[i][row])}`, `z1-${row}`],
          at >= RELU && [there, `a = ${short(shown.a1[i][row])}`, `a1-${row}`],
          at === THROUGH_W2 && ["backward", `∇a = ${short(s.da1[i][row])}`, `da1-${row}`],
          back && at >= THROUGH_RELU && ["backward", `∇z = ${short(s.d1[i][row])}`, `d1-${row}`],
        ]),
        text(X[2], Y[row] - 49, "name", `class ${row}`),
        ...node(2, row, output, [
          ["", `y = ${TARGETS[i][row]}`, `y-${row}`],
          at >= LOGITS && [there, `z = ${short(shown.z2[i][row])}`, `z2-${row}`],
          at >= LOSS && [there, `p = ${short(shown.p[i][row])}`, `p-${row}`],
          back && ["backward", `∇z = ${short(s.d2[i][row])}`, `d2-${row}`],
        ]),
      )
      for (const layer of [1, 2]) {
        const [bias, slope] = layer === 1 ? [params.b1[row], s.slopes.b1[row]] : [params.b2[row], s.slopes.b2[row]]
        const y = Y[row] + 58
        parts.push(text(X[layer], y, at === STEP ? "strong" : "", `b = ${short(bias)}`, `b${layer}-${row}`))
        if (back && at >= (layer === 1 ? AT_W1 : AT_W2)) {
          parts.push(text(X[layer], y + 16, "backward", `∇b = ${short(slope)}`, `db${layer}-${row}`))
        }
      }
    }
    ;["image", "hidden units", "output"].forEach((name, column) => parts.push(text(X[column], 16, "name", name)))
    return svg(
      "svg",
      {
        viewBox: "0 0 400 345",
        role: "img",
        "aria-label": `The network. ${STEPS[at].title}. ${STEPS[at].say(s, i, eta)}`,
      },
      ...parts,
    )
  }

  /** @param {number} x @param {number} y @param {string} kind @param {string} words @param {string} [name] */
  function text(x, y, kind, words, name) {
    return svg("text", { x, y, class: kind, "text-anchor": "middle", "data-value": name }, words)
  }

  /**
   * @param {number} column
   * @param {number} row
   * @param {string} kind
   * @param {(string[] | false)[]} lines  The class, the words and the name of each.
   */
  function node(column, row, kind, lines) {
    const all = /** @type {string[][]} */ (lines.filter(Boolean))
    const height = column ? 84 : 36
    return [
      svg("rect", {
        class: `node ${kind}`,
        x: X[column] - HALF[column],
        y: Y[row] - height / 2,
        width: 2 * HALF[column],
        height,
        rx: 8,
      }),
      ...all.map(([kind, words, name], i) =>
        text(X[column], Y[row] + 5 + 19 * (i - (all.length - 1) / 2), kind, words, name),
      ),
    ]
  }

  const [WIDE, HIGH, FASTEST, MOST] = [400, 190, 3, 1.2] // of the curve of the loss
  const across = (/** @type {number} */ eta) => 40 + (eta / FASTEST) * (WIDE - 60)
  const down = (/** @type {number} */ loss) => 14 + (1 - Math.min(loss, MOST) / MOST) * (HIGH - 60)

  /** The loss after a step of any learning rate. @param {number} n @param {number} eta */
  function curve(n, eta) {
    const { loss, again } = step(n, eta)
    const rates = Array.from({ length: 151 }, (_, i) => (i * FASTEST) / 150)
    const path = rates.map(each => `${across(each)} ${down(step(n, each).again.loss)}`).join("L")
    const late = eta > FASTEST / 2
    return svg(
      "svg",
      {
        viewBox: `0 0 ${WIDE} ${HIGH}`,
        role: "img",
        "aria-label": `The loss after one step against the learning rate. At ${written(eta)} it is ${written(again.loss)}, before the step it was ${written(loss)}.`,
      },
      svg("path", { class: "axis", d: `M${across(0)} ${down(MOST)}V${down(0)}H${across(FASTEST)}` }),
      ...[0, 1, 2, 3].map(tick =>
        svg("text", { x: across(tick), y: down(0) + 17, "text-anchor": "middle" }, `${tick}`),
      ),
      ...[0, 0.5, 1].map(tick => svg("text", { x: across(0) - 7, y: down(tick) + 4, "text-anchor": "end" }, `${tick}`)),
      svg("text", { x: across(FASTEST / 2), y: HIGH - 8, "text-anchor": "middle" }, "learning rate η"),
      svg("path", { class: "guide", d: `M${across(0)} ${down(loss)}H${across(FASTEST)}` }),
      svg("text", { x: across(FASTEST), y: down(loss) - 6, "text-anchor": "end" }, "loss before the step"),
      svg("path", { class: "line forward", d: `M${path}` }),
      svg("circle", { class: again.loss < loss ? "right" : again.loss > loss ? "wrong" : "ink", cx: across(eta), cy: down(again.loss), r: 6 }),
      svg(
        "text",
        {
          class: "strong",
          x: across(eta) + (late ? -10 : 10),
          y: Math.max(down(again.loss) - 8, 14),
          "text-anchor": late ? "end" : "start",
        },
        `loss ${written(again.loss, 3)}`,
      ),
    )
  }

  Figures.add(
    "one_step",
    { step: [0, 0, LAST, 1], eta: [0.5, 0, FASTEST, 0.01], batch: [0, 0, 2, 1] },
    ({ state, slider, choice, button }) => {
      const drawing = html("div", { class: "drawing" })
      const chart = html("div", { class: "chart" })
      const said = html("p", { role: "status" })
      const fate = html("p", { role: "status" })
      const lines = CODE.map(line => html("span", {}, line))
      const back = button("← Back", () => ({ step: Math.max(state.step - 1, 0) }))
      const next = button("Next →", () => ({ step: Math.min(state.step + 1, LAST) }))

      /** @param {State} state */
      function redraw({ step: at, eta, batch }) {
        const [n, i] = [batch === 0 ? 1 : 2, batch === 2 ? 1 : 0]
        const s = step(n, eta)
        const { lines: run, title, say } = STEPS[at]
        const way = at >= AT_P && at <= STEP ? "backward" : "forward"
        lines.forEach((line, which) => {
          line.className = run.includes(which) ? `lit ${way}` : ""
          if (run.includes(which)) line.setAttribute("aria-current", "step")
          else line.removeAttribute("aria-current")
        })
        drawing.replaceChildren(drawn(s, at, i, eta))
        said.replaceChildren(html("strong", { class: way }, `${at + 1} of ${LAST + 1}. ${title}. `), say(s, i, eta))
        back.disabled = at === 0 && document.activeElement !== back // a button that is disabled loses the focus
        next.disabled = at === LAST && document.activeElement !== next
        chart.replaceChildren(curve(n, eta))
        const dead = s.again.z1.every(row => row[0] <= 0 && row[1] <= 0)
        const [mark, words] = eta === 0 ? ["", "stays"] : s.again.loss < s.loss ? ["✓ ", "falls"] : ["✗ ", "rises"]
        fate.replaceChildren(
          html("strong", { class: mark === "✗ " ? "wrong" : "right" }, `${mark}The loss ${words}`),
          ` from ${written(s.loss)} to ${written(s.again.loss)}.`,
          dead ? " But the step turned both hidden units off: relu now stops every gradient of the first layer." : "",
        )
      }

      return {
        redraw,
        parts: [
          html("div", { class: "buttons" }, back, next),
          said,
          html(
            "div",
            { class: "beside" },
            drawing,
            html("pre", {}, html("code", {}, ...lines.flatMap(line => [line, "\n"]))),
          ),
          html(
            "div",
            { class: "controls" },
            slider("eta", "Learning rate η"),
            choice("batch", "Batch", ["one image", "two images, the first shown", "two images, the second shown"]),
          ),
          chart,
          fate,
        ],
      }
    },
  )

  return { CODE, START, IMAGES, TARGETS, step }
})()
