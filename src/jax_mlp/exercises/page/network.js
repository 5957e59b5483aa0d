// The arithmetic of the pages: a network's forward pass, and a drawing made like MNIST's images.
// Every number that a function returns is a float32, as in Python. Sums are added up in float64 and then rounded.
"use strict"

/** What data/NAME.js files put there, by name. */
var DATA = /** @type {Record<string, any>} */ (globalThis.DATA || {})

/**
 * A layer: one row of weights per unit, all rows one after the other, and one bias per unit.
 * @typedef {{weights: Float32Array, biases: Float32Array}} Layer
 */

const network = (() => {
  /**
   * A network from what `packed` of jax_mlp/exercises/page/__init__.py made of it. A weight is a whole number from
   * -127 to 127 times its unit's scale, a float32.
   * @param {{weights: string, scales: string, biases: string}[]} packed
   * @returns {Layer[]}
   */
  function unpack(packed) {
    return packed.map(layer => {
      const whole = new Int8Array(bytes(layer.weights).buffer)
      const scales = new Float32Array(bytes(layer.scales).buffer)
      const biases = new Float32Array(bytes(layer.biases).buffer)
      const inputs = whole.length / biases.length
      return { weights: Float32Array.from(whole, (value, at) => value * scales[Math.floor(at / inputs)]), biases }
    })
  }

  /** @param {string} base64 */
  function bytes(base64) {
    return Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
  }

  /**
   * max(0, x) of each number.
   * @param {ArrayLike<number>} x
   */
  function relu(x) {
    return Float32Array.from(x, value => Math.max(0, value))
  }

  /**
   * W x + b.
   * @param {Layer} layer
   * @param {ArrayLike<number>} x
   */
  function linear(layer, x) {
    return layer.biases.map((bias, unit) => {
      let sum = 0
      for (let at = unit * x.length, i = 0; i < x.length; i++, at++) sum += layer.weights[at] * x[i]
      return sum + bias
    })
  }

  /**
   * Every layer's numbers for one image: the activations of each hidden layer, then the logits.
   * @param {Layer[]} layers
   * @param {ArrayLike<number>} image pixels, scaled as in training
   * @returns {Float32Array[]}
   */
  function layerByLayer(layers, image) {
    let x = image
    return layers.map((layer, number) => {
      const z = linear(layer, x)
      return (x = number < layers.length - 1 ? relu(z) : z)
    })
  }

  /**
   * Log-probabilities of the classes for one image, as `jax_mlp.forward` computes them.
   * @param {Layer[]} layers
   * @param {ArrayLike<number>} image
   */
  function forward(layers, image) {
    return logSoftmax(layerByLayer(layers, image)[layers.length - 1])
  }

  /**
   * z - log(sum of exp z). The largest logit is subtracted first, so that nothing overflows.
   * @param {ArrayLike<number>} logits
   */
  function logSoftmax(logits) {
    const largest = Math.max(...Array.from(logits))
    let sum = 0
    for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - largest)
    return Float32Array.from(logits, logit => logit - largest - Math.log(sum))
  }

  /**
   * Probabilities from logits.
   * @param {ArrayLike<number>} logits
   */
  function softmax(logits) {
    return logSoftmax(logits).map(Math.exp)
  }

  /**
   * A drawing as MNIST has its images: cropped, scaled to fit 20 by 20 pixels, and put into 28 by 28 with its centre of
   * mass in the middle. The same as `centred` of jax_mlp/data/picture.py, pixel by pixel.
   * @param {ArrayLike<number>} grey brightness of each pixel, 0 to 255, row by row; the border is taken for the paper
   * @param {number} width
   * @param {number} height
   * @returns {{image: Uint8Array, box: {left: number, top: number, width: number, height: number}} | null}
   *   784 pixels from 0 to 255, and where the digit was; null if nothing is drawn
   */
  function centred(grey, width, height) {
    const paper = median(border(grey, width, height))
    const ink = new Float32Array(grey.length)
    for (let at = 0; at < grey.length; at++) ink[at] = Math.abs(grey[at] - paper)
    const darkest = ink.reduce((a, b) => Math.max(a, b), 0)
    if (darkest < 16) return null
    const least = Math.fround(Math.fround(0.1) * darkest)
    let [left, top, right, bottom] = [width, height, -1, -1]
    for (let row = 0, at = 0; row < height; row++) {
      for (let column = 0; column < width; column++, at++) {
        if (ink[at] <= least) continue
        if (column < left) left = column
        if (column > right) right = column
        if (row < top) top = row
        bottom = row
      }
    }
    const box = { left, top, width: right - left + 1, height: bottom - top + 1 }
    const cropped = new Float32Array(box.width * box.height)
    for (let row = 0; row < box.height; row++) {
      const start = (top + row) * width + left
      cropped.set(ink.subarray(start, start + box.width), row * box.width)
    }
    const longer = Math.max(box.width, box.height)
    const wide = Math.max(1, roundHalfToEven((20 * box.width) / longer))
    const high = Math.max(1, roundHalfToEven((20 * box.height) / longer))
    const rows = shrunk(cropped, box.width, box.height, wide) // as Pillow does it: along rows first
    const small = transposed(shrunk(transposed(rows, wide, box.height), box.height, wide, high), high, wide)
    const brightest = small.reduce((a, b) => Math.max(a, b), 0)
    let [mass, byColumn, byRow] = [0, 0, 0]
    small.forEach((value, at) => {
      small[at] = value / brightest
      mass += small[at]
      byColumn += small[at] * (at % wide)
      byRow += small[at] * Math.floor(at / wide)
    })
    // Pixel 14, the first beyond the middle, is where the centres of MNIST's own images lie.
    const x = Math.min(Math.max(roundHalfToEven(14 - byColumn / mass), 0), 28 - wide)
    const y = Math.min(Math.max(roundHalfToEven(14 - byRow / mass), 0), 28 - high)
    const image = new Uint8Array(784)
    small.forEach((value, at) => {
      image[(y + Math.floor(at / wide)) * 28 + x + (at % wide)] = roundHalfToEven(Math.fround(255 * value))
    })
    return { image, box }
  }

  /**
   * As Python and NumPy round: a half goes to the even neighbour.
   * @param {number} x
   */
  function roundHalfToEven(x) {
    const near = Math.round(x)
    return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near
  }

  /**
   * The pixels along the four edges; those in the corners twice.
   * @param {ArrayLike<number>} grey
   * @param {number} width
   * @param {number} height
   */
  function border(grey, width, height) {
    const edge = []
    for (let column = 0; column < width; column++) edge.push(grey[column], grey[(height - 1) * width + column])
    for (let row = 0; row < height; row++) edge.push(grey[row * width], grey[row * width + width - 1])
    return edge
  }

  /** @param {number[]} values */
  function median(values) {
    values.sort((a, b) => a - b)
    const half = values.length / 2
    return (values[Math.ceil(half) - 1] + values[Math.floor(half)]) / 2
  }

  /**
   * Each row made `wide` pixels long, a pixel being the mean of those that it covers, as Pillow's Resampling.BOX has it.
   * @param {Float32Array} image
   * @param {number} width
   * @param {number} height
   * @param {number} wide
   */
  function shrunk(image, width, height, wide) {
    const small = new Float32Array(wide * height)
    const scale = width / wide
    const reach = 0.5 * Math.max(scale, 1)
    for (let column = 0; column < wide; column++) {
      const centre = (column + 0.5) * scale
      const first = Math.max(0, Math.trunc(centre - reach + 0.5))
      const last = Math.min(width, Math.trunc(centre + reach + 0.5))
      const covered = []
      for (let x = first; x < last; x++) {
        const distance = (x - centre + 0.5) * (1 / Math.max(scale, 1))
        if (distance > -0.5 && distance <= 0.5) covered.push(x)
      }
      for (let row = 0; row < height; row++) {
        let sum = 0
        for (const x of covered) sum += image[row * width + x] * (1 / covered.length)
        small[row * wide + column] = sum
      }
    }
    return small
  }

  /**
   * @param {Float32Array} image
   * @param {number} width
   * @param {number} height
   */
  function transposed(image, width, height) {
    const turned = new Float32Array(image.length)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) turned[column * height + row] = image[row * width + column]
    return turned
  }

  return { unpack, relu, linear, layerByLayer, forward, logSoftmax, softmax, centred, bytes }
})()
