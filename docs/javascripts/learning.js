// @ts-check
"use strict"

/** A real training run, epoch by epoch: docs/data.py made it and kept what is shown here. */
const Learning = (() => {
  const { html, svg } = Figures
  /** @type {{ train: number[], test: number[], epochs: number[], weights: string[][], confusion: number[][] }} */
  const run = DATA.learning
  const END = run.train.length - 1
  const DIGITS = [...Array(10).keys()]
  const percent = (/** @type {number} */ fraction) => `${(100 * fraction).toFixed(1)} %`

  const [WIDE, HIGH, LOW] = [400, 210, 0.7] // of the curves, and the lowest accuracy on them
  const across = (/** @type {number} */ epoch) => 44 + (epoch / END) * (WIDE - 60)
  const down = (/** @type {number} */ accuracy) => 16 + ((1 - accuracy) / (1 - LOW)) * (HIGH - 62)

  /** Both accuracies against the epoch, and the gap between them up to this one. @param {number} epoch */
  function curves(epoch) {
    /** Where a curve goes, from where it rises above the axis. @param {number[]} all */
    const points = all =>
      all.flatMap((accuracy, at) => {
        if (accuracy >= LOW) return [`${across(at)} ${down(accuracy)}`]
        const next = all[at + 1]
        return next >= LOW ? [`${across(at + (LOW - accuracy) / (next - accuracy))} ${down(LOW)}`] : []
      })
    const gap = [...points(run.train.slice(0, epoch + 1)), ...points(run.test.slice(0, epoch + 1)).reverse()]
    return svg(
      "svg",
      {
        viewBox: `0 0 ${WIDE} ${HIGH}`,
        role: "img",
        "aria-label": `Accuracy after each of ${END} epochs. Training images end at ${percent(run.train[END])}, test images at ${percent(run.test[END])}.`,
      },
      svg("path", { class: "axis", d: `M${across(0)} ${down(1)}V${down(LOW)}H${across(END)}` }),
      ...[0.7, 0.8, 0.9, 1].map(tick =>
        svg("text", { x: across(0) - 6, y: down(tick) + 4, "text-anchor": "end" }, `${Math.round(100 * tick)} %`),
      ),
      ...[0, END / 2, END].map(tick =>
        svg("text", { x: across(tick), y: down(LOW) + 18, "text-anchor": "middle" }, `${tick}`),
      ),
      svg("text", { x: across(END / 2), y: HIGH - 6, "text-anchor": "middle" }, "epochs"),
      svg("path", { class: "gap", d: gap.length ? `M${gap.join("L")}Z` : "" }),
      svg("path", { class: "line", d: `M${points(run.train).join("L")}` }),
      svg("path", { class: "line forward", d: `M${points(run.test).join("L")}` }),
      svg("path", { class: "guide", d: `M${across(epoch)} ${down(1)}V${down(LOW)}` }),
      svg("text", { x: across(END), y: down(run.train[END]) + 18, "text-anchor": "end" }, "training images"),
      svg(
        "text",
        { class: "forward", x: across(END), y: down(run.test[END]) + 20, "text-anchor": "end" },
        "test images",
      ),
      ...[run.train[epoch], run.test[epoch]].map((accuracy, which) => {
        const kind = which ? "forward" : "ink"
        return accuracy >= LOW
          ? svg("circle", { class: kind, cx: across(epoch), cy: down(accuracy), r: 5 })
          : svg("text", { class: kind, x: across(epoch) + 8, y: down(LOW) - 24 + 18 * which }, `↓ ${percent(accuracy)}`)
      }),
    )
  }

  /**
   * A unit's weights minus those that it started with: grey where nothing changed, brighter where a bright pixel speaks
   * for the unit, darker where it speaks against it.
   * @param {string} packed  Two pixels a byte, each from 1 to 15, where 8 is no change.
   * @param {number} unit
   */
  function picture(packed, unit) {
    const canvas = html("canvas", { width: 28, height: 28, role: "img", "aria-label": `unit ${unit + 1}` })
    const context = canvas.getContext("2d")
    if (!context) return canvas
    const pixels = context.createImageData(28, 28)
    network.bytes(packed).forEach((byte, at) =>
      [byte >> 4, byte & 15].forEach((level, which) => {
        const grey = 128 + (level - 8) * 18
        pixels.data.set([grey, grey, grey, 255], 4 * (2 * at + which))
      }),
    )
    context.putImageData(pixels, 0, 0)
    return canvas
  }

  /** How many of each digit were read as which. @param {number[]} counts */
  function confusion(counts) {
    return html(
      "table",
      { class: "confusion" },
      html("caption", {}, "Test images: digits (rows) and what they are read as (columns)"),
      html("thead", {}, html("tr", {}, html("td"), ...DIGITS.map(read => html("th", { scope: "col" }, `${read}`)))),
      html(
        "tbody",
        {},
        ...DIGITS.map(digit =>
          html(
            "tr",
            {},
            html("th", { scope: "row" }, `${digit}`),
            ...DIGITS.map(read => {
              const count = counts[10 * digit + read]
              const kind = digit === read ? "right" : "wrong"
              return html(
                "td",
                { class: count ? kind : false, style: `--size: ${Math.min(count / (digit === read ? 100 : 12), 1)}` },
                count ? `${count}` : "",
              )
            }),
          ),
        ),
      ),
    )
  }

  /** What the two accuracies after an epoch say. @param {number} epoch */
  function meaning(epoch) {
    const [train, test] = [run.train[epoch], run.test[epoch]]
    const gap = `The gap is ${(100 * (train - test)).toFixed(1)} points`
    if (epoch === 0) return "The network has learned nothing yet and guesses."
    if (train < run.train[epoch - 1] - 0.03) return "A setback: at this learning rate a step sometimes goes too far."
    if (train > 0.99) return `${gap}: the network has learned its training images by heart. This is called overfitting.`
    return train - test < 0.02
      ? "What it learns from one set helps with the other."
      : `${gap}: it does better on images that it has seen.`
  }

  Figures.add("learning", { at: [run.epochs.length - 1, 0, run.epochs.length - 1, 1] }, ({ slider }) => {
    const [chart, images, table] = [html("div", { class: "chart" }), html("div", { class: "images" }), html("div")]
    const verdict = html("p", { role: "status" })

    /** @param {State} state */
    function redraw({ at }) {
      const epoch = run.epochs[at]
      const [train, test] = [run.train[epoch], run.test[epoch]]
      chart.replaceChildren(curves(epoch))
      images.replaceChildren(...run.weights[at].map(picture))
      table.replaceChildren(confusion(run.confusion[at]))
      verdict.replaceChildren(
        html(
          "strong",
          {},
          `${percent(train)} of the training images and ${percent(test)} of the test images are right.`,
        ),
        ` ${meaning(epoch)}`,
      )
    }

    return {
      redraw,
      parts: [
        html(
          "div",
          { class: "controls" },
          slider("at", "Epoch", at => `${run.epochs[at]}`),
        ),
        verdict,
        chart,
        html(
          "p",
          {},
          "What eight units of the first layer have learned: their weights, minus what those were at the start. Ink on bright pixels now raises the unit's sum, ink on dark ones lowers it, and grey means no change.",
        ),
        images,
        table,
      ],
    }
  })

  return { run }
})()
