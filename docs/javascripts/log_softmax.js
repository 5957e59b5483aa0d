// @ts-check
"use strict"

/** Three logits, and the logarithm of their softmax in two ways, in float32 as a computer has it. */
const Softmax = (() => {
  const { html, written } = Figures
  const CLASSES = [0, 1, 2]
  const TINY = 2 ** -126 // the smallest number that float32 holds with all its digits

  /**
   * Softmax by its formula, every step rounded to float32.
   * @param {number[]} z
   * @param {boolean} shifted  Whether the largest logit is subtracted first.
   */
  function softmax(z, shifted) {
    const most = shifted ? Math.max(...z) : 0
    const powers = z.map(each => Math.fround(Math.exp(Math.fround(each - most))))
    const sum = powers.reduce((sum, each) => Math.fround(sum + each), 0)
    return powers.map(each => Math.fround(each / sum))
  }

  /** @param {number[]} p */
  const log = p => p.map(each => Math.fround(Math.log(each)))

  /**
   * The logarithm of softmax as `forward` computes it, every step rounded to float32: no probability is formed.
   * @param {number[]} z
   */
  function logSoftmax(z) {
    const most = Math.max(...z)
    const sum = z.reduce((sum, each) => Math.fround(sum + Math.fround(Math.exp(Math.fround(each - most)))), 0)
    const all = Math.fround(most + Math.fround(Math.log(sum)))
    return z.map(each => Math.fround(each - all))
  }

  /**
   * What became of softmax, in a sentence.
   * @param {number[]} z
   * @param {number[]} p
   * @param {number[]} truth  The true logarithms, in float64.
   */
  function ofSoftmax(z, p, truth) {
    if (p.some(Number.isNaN)) {
      return Math.max(...z) > 0
        ? "Overflow: exp(z) is ∞ in float32 if z is above 88.7, and ∞ / ∞ is nan (not a number)."
        : "Underflow: every exp(z) is 0 in float32, and 0 / 0 is nan (not a number)."
    }
    const lost = CLASSES.find(each => p[each] === 0)
    if (lost !== undefined) {
      const power = Math.floor(truth[lost] / Math.LN10)
      return `Underflow: the probability of class ${lost} is about 1e${written(power)}, which float32 rounds to 0.`
    }
    const faint = CLASSES.find(each => p[each] < TINY)
    if (faint !== undefined) {
      return `The probability of class ${faint} is subnormal: it has lost digits, and XLA on many processors makes it 0.`
    }
    return "Three probabilities that sum to 1."
  }

  /**
   * What became of its logarithm, in a sentence.
   * @param {number[]} ours
   * @param {number[]} truth
   */
  function ofLogarithm(ours, truth) {
    if (ours.some(Number.isNaN)) return "The logarithm of nan is nan."
    const lost = ours.indexOf(-Infinity)
    if (lost >= 0) return `The logarithm of 0 is −∞, but the true answer for class ${lost} is ${written(truth[lost])}.`
    const error = Math.max(...CLASSES.map(each => Math.abs(ours[each] - truth[each])))
    return error < 1e-3
      ? "Finite, and right up to rounding."
      : `Finite, but wrong by up to ${written(error, 2)}: the probability had lost digits.`
  }

  Figures.add(
    "log_softmax",
    { z0: [2, -120, 120, 1], z1: [1, -120, 120, 1], z2: [0, -120, 120, 1], c: [0, -120, 120, 1], shift: [0, 0, 1, 1] },
    ({ slider, tick, button }) => {
      const body = html("tbody")
      const verdicts = CLASSES.map(() => html("p"))
      const names = ["softmax", "log(\u200bsoftmax)", "log-softmax"]

      /** @param {State} state */
      function redraw(state) {
        const z = CLASSES.map(each => Math.fround(state[`z${each}`] + state.c))
        const most = Math.max(...z)
        const all = most + Math.log(z.reduce((sum, each) => sum + Math.exp(each - most), 0))
        const truth = z.map(each => each - all)
        const p = softmax(z, state.shift === 1)
        const columns = [p, log(p), logSoftmax(z)]
        const wrong = columns.map((column, which) =>
          column.map((value, each) => (which ? !(Math.abs(value - truth[each]) < 1e-3) : Number.isNaN(value))),
        )
        body.replaceChildren(
          ...CLASSES.map(each =>
            html(
              "tr",
              {},
              html("th", { scope: "row" }, `class ${each}`),
              html("td", {}, written(z[each])),
              ...columns.map((column, which) =>
                html(
                  "td",
                  {
                    class: wrong[which][each] ? "wrong" : which ? "right" : "bar",
                    style: `--size: ${which ? 0 : p[each] || 0}`,
                  },
                  written(column[each]),
                ),
              ),
            ),
          ),
        )
        const words = [ofSoftmax(z, p, truth), ofLogarithm(columns[1], truth), ofLogarithm(columns[2], truth)]
        words.forEach((text, which) => {
          const broken = wrong[which].includes(true)
          verdicts[which].className = broken ? "wrong" : "right"
          verdicts[which].replaceChildren(html("strong", {}, `${broken ? "✗" : "✓"} ${names[which]}`), ` ${text}`)
        })
      }

      return {
        redraw,
        parts: [
          html(
            "div",
            { class: "controls" },
            ...CLASSES.map(each => slider(`z${each}`, `Logit of class ${each}`)),
            slider("c", "Added to all three"),
            tick("shift", "Subtract the largest logit before taking exp"),
          ),
          html(
            "div",
            { class: "buttons" },
            button("Overflow it", () => ({ z0: 2, z1: 1, z2: 0, c: 100, shift: 0 })),
            button("Underflow it", () => ({ z0: 2, z1: 1, z2: -118, c: 0, shift: 1 })),
            button("Start again", () => ({ z0: 2, z1: 1, z2: 0, c: 0, shift: 0 })),
          ),
          html(
            "table",
            { class: "numbers four" },
            html(
              "thead",
              {},
              html(
                "tr",
                {},
                ...["", "z", ...names].map(name => html(name ? "th" : "td", name ? { scope: "col" } : {}, name)),
              ),
            ),
            body,
          ),
          html("div", { class: "verdicts", role: "status" }, ...verdicts),
        ],
      }
    },
  )

  return { softmax, log, logSoftmax }
})()
