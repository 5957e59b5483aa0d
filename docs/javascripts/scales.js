// @ts-check
"use strict"

/**
 * Ten digits on their way through eight hidden layers, from numbers that the network may start with.
 * Layers are those of network.js.
 */
const Scales = (() => {
  const { html, svg, written } = Figures
  const SIZES = [784, ...Array(8).fill(64), 10]
  const RATE = 1 // of the steps of learning
  const [RANDOM, HE, EQUAL, ZERO] = [0, 1, 2, 3]

  /** @type {Float32Array[]} The pixels of ten digits, 0 to 9, from 0 to 1. */
  const IMAGES = DATA.scales.images.map((/** @type {string} */ bytes) =>
    Float32Array.from(network.bytes(bytes), pixel => pixel / 255),
  )

  /** Normal numbers, the same ones each time: uniform ones by mulberry32, then Box and Muller's method. */
  function normals() {
    let seed = 1
    const uniform = () => {
      seed = (seed + 0x6d2b79f5) | 0
      let t = Math.imul(seed ^ (seed >>> 15), seed | 1)
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
    }
    return SIZES.slice(1).map((units, layer) =>
      Float32Array.from({ length: units * SIZES[layer] }, () => {
        const size = Math.sqrt(-2 * Math.log(1 - uniform()))
        return size * Math.cos(2 * Math.PI * uniform())
      }),
    )
  }
  const NORMAL = normals()

  /**
   * The numbers that a network starts with. Biases start at 0, as in the derivation beside the figure.
   * @param {number} kind
   * @param {number} scale
   * @returns {Layer[]}
   */
  function start(kind, scale) {
    return NORMAL.map((normal, layer) => {
      const [inputs, units] = [SIZES[layer], SIZES[layer + 1]]
      const sigma = kind === HE ? Math.sqrt(2 / inputs) : scale
      const weights = normal.map(x => (kind === ZERO ? 0 : kind === EQUAL ? scale : x * sigma))
      return { weights, biases: new Float32Array(units) }
    })
  }

  /** The sums z of every layer for one image, and what relu leaves of them. @param {Layer[]} params @param {Float32Array} image */
  function forward(params, image) {
    /** @type {Float32Array[]} */
    const sums = []
    const activations = [image]
    for (const layer of params) {
      sums.push(network.linear(layer, activations[activations.length - 1]))
      activations.push(network.relu(sums[sums.length - 1]))
    }
    return { sums, activations }
  }

  /** One step of learning from all ten digits, in place, by backpropagation. @param {Layer[]} params */
  function learn(params) {
    const slopes = params.map(({ weights, biases }) => ({
      weights: new Float64Array(weights.length),
      biases: new Float64Array(biases.length),
    }))
    IMAGES.forEach((image, digit) => {
      const { sums, activations } = forward(params, image)
      let delta = Float64Array.from(logP(sums), (x, k) => (Math.exp(x) - Number(k === digit)) / (IMAGES.length * 10))
      for (let layer = params.length - 1; layer >= 0; layer--) {
        const [{ weights }, slope, a] = [params[layer], slopes[layer], activations[layer]]
        const back = new Float64Array(a.length)
        delta.forEach((down, i) => {
          slope.biases[i] += down
          if (down === 0) return
          for (let j = 0, at = i * a.length; j < a.length; j++, at++) {
            slope.weights[at] += down * a[j]
            back[j] += weights[at] * down
          }
        })
        const derivative = (/** @type {number} */ z) => (z > 0 ? 1 : z === 0 ? 0.5 : 0) // of relu, as JAX has it
        if (layer > 0) delta = back.map((x, j) => x * derivative(sums[layer - 1][j]))
      }
    })
    params.forEach(({ weights, biases }, layer) => {
      slopes[layer].weights.forEach((slope, i) => (weights[i] -= RATE * slope))
      slopes[layer].biases.forEach((slope, i) => (biases[i] -= RATE * slope))
    })
  }

  /** Log-probabilities from the last sums. @param {Float32Array[]} sums */
  const logP = sums => network.logSoftmax(sums[sums.length - 1])

  /** What the figure shows of a network. @param {Layer[]} params */
  function look(params) {
    const runs = IMAGES.map(image => forward(params, image))
    const layers = params.slice(0, -1).map(({ weights, biases }, layer) => {
      return {
        sums: runs.flatMap(({ sums }) => [...sums[layer]]),
        signal: size(runs.map(({ activations }) => activations[layer + 1])),
        different: different(weights, biases),
      }
    })
    return { layers, loss: mean(runs.map(({ sums }, digit) => -logP(sums)[digit] / 10)) }
  }

  /** How many units of a layer have weights and a bias of their own. @param {Float32Array} weights @param {Float32Array} biases */
  function different(weights, biases) {
    const inputs = weights.length / biases.length
    /** @type {{ row: Float32Array, bias: number }[]} */
    const known = []
    biases.forEach((bias, unit) => {
      const row = weights.subarray(unit * inputs, (unit + 1) * inputs)
      if (!known.some(other => other.bias === bias && other.row.every((w, i) => w === row[i])))
        known.push({ row, bias })
    })
    return known.length
  }

  const mean = (/** @type {number[]} */ all) => all.reduce((sum, x) => sum + x, 0) / all.length

  /** The size of the signal: the root of the mean square of all numbers. @param {Float32Array[]} arrays */
  const size = arrays => Math.sqrt(mean(arrays.flatMap(array => Array.from(array, x => x ** 2))))

  const PIXELS = size(IMAGES)

  /**
   * How often sums fall where, from −EDGE to EDGE. Those beyond stand in the outermost bars, and nan in none.
   * @param {number[]} sums
   */
  function histogram(sums) {
    const [BARS, EDGE, WIDE, HIGH] = [41, 2, 246, 30]
    const counts = Array(BARS).fill(0)
    for (const z of sums.filter(each => !Number.isNaN(each))) {
      const at = Math.round(((z / EDGE + 1) / 2) * (BARS - 1))
      counts[Math.min(Math.max(at, 0), BARS - 1)]++
    }
    const most = Math.max(...counts, 1)
    const beyond = sums.filter(z => !(Math.abs(z) <= EDGE)).length / sums.length
    return svg(
      "svg",
      {
        viewBox: `0 0 ${WIDE} ${HIGH}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${Math.round(100 * beyond)} per cent lie beyond ±${EDGE}`,
      },
      svg("path", { class: "axis", d: `M0 ${HIGH}H${WIDE}` }),
      ...counts.map((count, bar) =>
        svg("rect", {
          class: bar * 2 < BARS ? "off" : "forward", // relu makes these 0
          x: bar * 6,
          width: 5,
          y: HIGH - (count / most) * (HIGH - 2),
          height: (count / most) * (HIGH - 2),
        }),
      ),
    )
  }

  Figures.add(
    "scales",
    { kind: [RANDOM, 0, 3, 1], power: [-1, -3, 0, 0.05], steps: [0, 0, 100, 10] },
    ({ state, slider, choice, button }) => {
      const body = html("tbody")
      const verdict = html("p", { role: "status" })
      const learnt = html("p", { role: "status" })
      const more = button("Take ten steps of learning", () => ({ steps: Math.min(state.steps + 10, 100) }))
      const power = slider("power", "Scale", x =>
        state.kind === HE ? "√(2/n) = 0.051, 0.18, 0.18, …" : state.kind === ZERO ? "0" : written(10 ** x, 2),
      )

      let now = { start: "", params: /** @type {Layer[]} */ ([]), steps: 0, loss: 0 }

      /** The network after the steps asked for, from the one shown before if that leads there. @param {State} state */
      function shown({ kind, power, steps }) {
        const from = `${kind} ${kind === RANDOM || kind === EQUAL ? power : ""}`
        if (from !== now.start) state.steps = steps = now.start === "" ? steps : 0 // a new start has learnt nothing yet
        if (from !== now.start || steps < now.steps) {
          const params = start(kind, 10 ** power)
          now = { start: from, params, steps: 0, loss: look(params).loss }
        }
        for (; now.steps < steps; now.steps++) learn(now.params)
        return now
      }

      /** @param {State} state */
      function redraw(state) {
        const { params, steps, loss } = shown(state)
        const seen = look(params)
        const input = power.querySelector("input")
        if (input) input.disabled = state.kind === HE || state.kind === ZERO
        body.replaceChildren(
          ...seen.layers.map(({ sums, signal, different }, layer) =>
            html(
              "tr",
              {},
              html("th", { scope: "row" }, `${layer + 1}`),
              html("td", {}, histogram(sums)),
              html("td", { class: signal > PIXELS / 3 && signal < PIXELS * 3 ? "right" : "wrong" }, written(signal, 2)),
              html("td", { class: different > 1 && !Number.isNaN(signal) ? "right" : "wrong" }, `${different} of 64`),
            ),
          ),
        )
        const last = seen.layers[7].signal
        const way = `from ${written(PIXELS, 2)} in the images to ${written(last, 2)} in layer 8.`
        const [kind, words] = Number.isNaN(seen.loss)
          ? [
              "wrong",
              "The steps were so large that the numbers left float32's range: everything is nan (not a number) now.",
            ]
          : state.kind === ZERO
            ? [
                "wrong",
                "Every sum is 0, and the gradient of every weight is 0 too: the network cannot learn.",
              ]
            : state.kind === EQUAL
              ? [
                  "wrong",
                  "All units of a layer get equal sums and equal gradients, so they stay equal: 64 units do the work of one.",
                ]
              : last < PIXELS / 3
                ? ["wrong", `The signal shrinks ${way}`]
                : last < PIXELS * 3
                  ? ["right", `The signal roughly keeps its size, ${way}`]
                  : ["wrong", `The signal grows ${way}`]
        verdict.replaceChildren(html("strong", { class: kind }, kind === "right" ? "✓ " : "✗ "), words)
        learnt.replaceChildren(
          html("strong", {}, steps ? `After ${steps} steps of learning` : "Before any learning"),
          steps ? ` the loss went from ${written(loss)} to ${written(seen.loss)}.` : ` the loss is ${written(loss)}.`,
        )
        more.disabled = steps >= 100 && document.activeElement !== more
      }

      return {
        redraw,
        parts: [
          html(
            "div",
            { class: "controls" },
            choice("kind", "Start", ["random", "random, He's scale", "all equal", "all zero"]),
            power,
          ),
          verdict,
          html(
            "table",
            { class: "numbers layers" },
            html(
              "thead",
              {},
              html(
                "tr",
                {},
                ...["layer", "sums z, from −2 to 2", "size of the signal", "different units"].map(name =>
                  html("th", { scope: "col" }, name),
                ),
              ),
            ),
            body,
          ),
          html(
            "div",
            { class: "buttons" },
            more,
            button("Start again", () => ({ steps: 0 })),
          ),
          learnt,
        ],
      }
    },
  )

  return { start, look, learn }
})()
