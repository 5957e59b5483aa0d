// The figure in which one draws a digit and sees what a network makes of it.
"use strict"
{
  const figure = /** @type {HTMLElement} */ (document.getElementById("draw"))
  const shown = DATA.draw
  const layers = network.unpack(shown.layers)
  const hidden = layers.slice(0, -1)

  /**
   * @template {Element} E
   * @param {string} selector
   * @param {new () => E} kind
   * @returns {E}
   */
  const part = (selector, kind) => {
    const found = figure.querySelector(selector)
    if (!(found instanceof kind)) throw new Error(`draw: expected a ${kind.name} at ${selector}. Reload the page.`)
    return found
  }

  const SIZE = 280 // pixels of the sheet along each side
  const PEN = 20
  const STEP = 7 // of the pen, for a key

  const sheet = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE })
  const ink = brush(sheet, { willReadFrequently: true })
  ink.lineCap = ink.lineJoin = "round"
  ink.lineWidth = PEN

  const paper = part(".draw-paper canvas", HTMLCanvasElement)
  const seen = part(".draw-seen canvas", HTMLCanvasElement)
  const lens = part(".draw-lens canvas", HTMLCanvasElement)
  const output = part("output", HTMLOutputElement)

  /** What is classified: a drawing, or the number of a test digit. */
  let chosen = /** @type {number | null} */ (0)
  let image = /** @type {Uint8Array} */ (new Uint8Array(784))
  let box = /** @type {{left: number, top: number, width: number, height: number} | null} */ (null)
  let values = /** @type {Float32Array[]} */ ([])
  let chances = new Float32Array(10)
  /** The unit whose weights are shown. */
  let looking = { layer: 0, unit: 0 }
  const colours = /** @type {Record<string, string>} */ ({ "--ink": "", "--forward": "", "--right": "", "--wrong": "" })
  let pen = { x: SIZE / 2, y: SIZE / 2, down: false, visible: false }

  // The parts that depend on the network

  const grids = hidden.map((layer, number) => {
    const units = layer.biases.length
    const columns = units > 128 ? 16 : 8
    const rows = Math.ceil(units / columns)
    const where = `.draw-layer[data-layer="${number}"]`
    const canvas = part(`${where} canvas`, HTMLCanvasElement)
    const mark = part(`${where} .draw-mark`, HTMLElement)
    const slider = part(`${where} input`, HTMLInputElement)
    slider.max = String(units - 1)
    part(`${where} .draw-count`, HTMLElement).textContent = String(units)
    slider.addEventListener("input", () => look(number, Number(slider.value)))
    slider.addEventListener("focus", () => look(number, Number(slider.value)))
    const point = (/** @type {PointerEvent} */ event) => {
      const bounds = canvas.getBoundingClientRect()
      const column = Math.floor(((event.clientX - bounds.left) / bounds.width) * columns)
      const row = Math.floor(((event.clientY - bounds.top) / bounds.height) * rows)
      const unit = row * columns + column
      if (column >= 0 && column < columns && unit >= 0 && unit < units) look(number, unit)
    }
    canvas.addEventListener("pointermove", point)
    canvas.addEventListener("pointerdown", point)
    return { canvas, slider, mark, units, columns, rows }
  })

  const bars = [...Array(10).keys()].map(digit => {
    const row = document.createElement("li")
    const [label, bar, fill, percent] = Array.from({ length: 4 }, () => document.createElement("span"))
    label.textContent = String(digit)
    bar.className = "draw-bar"
    percent.className = "draw-percent"
    bar.append(fill)
    row.append(label, bar, percent)
    part(".draw-answer ol", HTMLElement).append(row)
    return { row, fill, percent }
  })

  const digits = network.bytes(shown.digits)
  const groups = ["Or choose a test digit. It classifies these correctly …", "… and these wrongly."].map(title => {
    const group = document.createElement("div")
    group.append(Object.assign(document.createElement("p"), { textContent: title }))
    part(".draw-digits", HTMLElement).append(group)
    return group
  })
  const buttons = /** @type {number[]} */ (shown.labels).map((label, number) => {
    const button = document.createElement("button")
    const canvas = document.createElement("canvas")
    button.type = "button"
    button.ariaLabel = `Test digit ${number + 1}: a ${label}`
    button.append(canvas)
    button.addEventListener("click", () => choose(number))
    groups[number < shown.correct ? 0 : 1].append(button)
    return { button, canvas, number }
  })

  // What changes the state

  /**
   * Classify a test digit.
   * @param {number} number
   */
  function choose(number) {
    chosen = number
    pen = { ...pen, down: false, visible: false }
    ink.clearRect(0, 0, SIZE, SIZE)
    say()
  }

  function clear() {
    chosen = null
    ink.clearRect(0, 0, SIZE, SIZE)
    say()
  }

  /**
   * Draw a line from one place to another, on an empty sheet if a test digit was there.
   * @param {{x: number, y: number}} from
   * @param {{x: number, y: number}} to
   */
  function stroke(from, to) {
    if (chosen !== null) clear()
    ink.beginPath()
    ink.moveTo(from.x, from.y)
    ink.lineTo(to.x, to.y)
    ink.stroke()
    soon()
  }

  let waiting = false
  /** Classify once before the next frame, however much was drawn in between. */
  function soon() {
    if (waiting) return
    waiting = true
    requestAnimationFrame(() => {
      waiting = false
      classify()
    })
  }

  /** Read the image, compute every layer, and show it all. */
  function classify() {
    if (chosen !== null) {
      image = digits.slice(784 * chosen, 784 * (chosen + 1))
      box = null
    } else {
      const pixels = ink.getImageData(0, 0, SIZE, SIZE).data
      const grey = new Uint8Array(SIZE * SIZE)
      for (let at = 0; at < grey.length; at++) grey[at] = pixels[4 * at + 3] // how opaque the ink is
      const found = network.centred(grey, SIZE, SIZE)
      image = found ? found.image : new Uint8Array(784)
      box = found ? found.box : null
    }
    values = network.layerByLayer(layers, Float32Array.from(image, pixel => pixel * shown.pixelScale))
    chances = network.softmax(values[layers.length - 1])
    show()
  }

  /**
   * Show the weights of a unit.
   * @param {number} layer
   * @param {number} unit
   */
  function look(layer, unit) {
    looking = { layer, unit }
    showLens()
  }

  // What shows it

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {CanvasRenderingContext2DSettings} [settings]
   */
  function brush(canvas, settings) {
    return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings))
  }

  /**
   * Make a canvas a grid of pixels, each of a colour and as opaque as its value.
   * @param {HTMLCanvasElement} canvas
   * @param {number} columns
   * @param {ArrayLike<number>} values from -1 to 1
   * @param {string} positive the name of a colour
   * @param {string} negative
   */
  function paint(canvas, columns, values, positive, negative = positive) {
    const [above, below] = [positive, negative].map(name => parseInt(colours[name].slice(1), 16))
    const pixels = new ImageData(columns, Math.ceil(values.length / columns))
    for (let i = 0; i < values.length; i++) {
      const rgb = values[i] < 0 ? below : above
      pixels.data.set([rgb >> 16, (rgb >> 8) & 255, rgb & 255, 255 * Math.min(Math.abs(values[i]), 1)], 4 * i)
    }
    if (canvas.width !== columns) canvas.width = columns
    if (canvas.height !== pixels.height) canvas.height = pixels.height
    brush(canvas).putImageData(pixels, 0, 0)
  }

  /** Read the colours of the page, which follow its theme. */
  function readColours() {
    const style = getComputedStyle(figure)
    for (const name of Object.keys(colours)) {
      ink.strokeStyle = style.getPropertyValue(name).trim()
      colours[name] = String(ink.strokeStyle) // as #rrggbb, however it was written
    }
    ink.strokeStyle = "#000000"
  }

  /** Show the image, every layer's numbers and the answer. */
  function show() {
    paint(seen, 28, Array.from(image, pixel => pixel / 255), "--ink")
    showPaper()
    grids.forEach(({ canvas, columns }, number) => {
      const most = Math.max(...values[number], 1e-6)
      paint(canvas, columns, values[number].map(value => value / most), "--forward")
    })
    showUnits()
    const answer = chances.indexOf(Math.max(...chances))
    bars.forEach(({ row, fill, percent }, digit) => {
      fill.style.transform = `scaleX(${chances[digit]})`
      percent.textContent = `${Math.round(100 * chances[digit])} %`
      row.classList.toggle("draw-read", digit === answer && !empty())
      row.classList.toggle("draw-true", digit === truth())
    })
    for (const { button, number } of buttons) button.ariaPressed = String(number === chosen)
  }

  function showPaper() {
    const context = brush(paper)
    const scale = paper.width / SIZE
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, SIZE, SIZE)
    context.imageSmoothingEnabled = chosen === null
    context.drawImage(chosen === null ? sheet : seen, 0, 0, SIZE, SIZE)
    context.globalCompositeOperation = "source-in" // in the colour of the theme
    context.fillStyle = colours["--ink"]
    context.fillRect(0, 0, SIZE, SIZE)
    context.globalCompositeOperation = "source-over"
    context.strokeStyle = colours["--forward"]
    if (box) {
      context.setLineDash([4, 4])
      context.strokeRect(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1)
      context.setLineDash([])
    }
    if (pen.visible) {
      context.lineWidth = pen.down ? 4 : 2
      context.beginPath()
      context.arc(pen.x, pen.y, PEN / 2, 0, 2 * Math.PI)
      context.stroke()
      context.lineWidth = 1
    }
  }

  /** Say what the units under the sliders compute. */
  function showUnits() {
    grids.forEach(({ slider, units }, number) => {
      const unit = Number(slider.value)
      slider.ariaValueText = `unit ${unit + 1} of ${units}, activation ${values[number][unit].toFixed(2)}`
    })
  }

  /** Show the weights of a unit, and mark it. */
  function showLens() {
    const { layer, unit } = looking
    const inputs = layers[layer].weights.length / layers[layer].biases.length
    const weights = layers[layer].weights.subarray(inputs * unit, inputs * (unit + 1))
    const most = 0.7 * weights.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-6)
    paint(lens, layer === 0 ? 28 : grids[layer - 1].columns, weights.map(weight => weight / most), "--right", "--wrong")
    lens.ariaLabel = `The weights of unit ${unit + 1} of hidden layer ${layer + 1}`
    grids.forEach(({ mark, columns, rows, slider }, number) => {
      mark.hidden = number !== layer
      if (mark.hidden) return
      slider.value = String(unit)
      mark.style.left = `${(100 * (unit % columns)) / columns}%`
      mark.style.top = `${(100 * Math.floor(unit / columns)) / rows}%`
      mark.style.width = `${100 / columns}%`
      mark.style.height = `${100 / rows}%`
    })
    showUnits()
  }

  /** Draw the test digits, which change only with the colours. */
  function showDigits() {
    for (const { canvas, number } of buttons) {
      const pixels = digits.subarray(784 * number, 784 * (number + 1))
      paint(canvas, 28, Array.from(pixels, pixel => pixel / 255), "--ink")
    }
  }

  /** The right digit, if it is known. */
  function truth() {
    return chosen === null ? null : shown.labels[chosen]
  }

  function empty() {
    return image.every(pixel => pixel === 0)
  }

  /** Classify what is there now and say the answer in words, which a screen reader reads. Not at every move of the pen. */
  function say() {
    classify()
    const answer = chances.indexOf(Math.max(...chances))
    const right = truth()
    if (empty()) output.textContent = "The sheet is empty."
    else {
      const more = right === null ? "" : right === answer ? " Correct." : ` Wrong: it is a ${right}.`
      output.textContent = `It reads ${answer}, with probability ${Math.round(100 * chances[answer])} %.${more}`
    }
  }

  // Pen, mouse and finger

  /**
   * Where an event is on the sheet.
   * @param {PointerEvent} event
   */
  function place(event) {
    const bounds = paper.getBoundingClientRect()
    const scale = SIZE / bounds.width
    return { x: (event.clientX - bounds.left) * scale, y: (event.clientY - bounds.top) * scale }
  }

  let last = /** @type {{x: number, y: number} | null} */ (null)
  paper.addEventListener("pointerdown", event => {
    if (!event.isPrimary || event.button !== 0) return
    paper.setPointerCapture(event.pointerId)
    pen = { ...pen, down: false, visible: false }
    last = place(event)
    stroke(last, last)
  })
  paper.addEventListener("pointermove", event => {
    if (!last || !event.isPrimary) return
    const moves = event.getCoalescedEvents()
    for (const move of moves.length > 0 ? moves : [event]) {
      const now = place(move)
      stroke(last, now)
      last = now
    }
  })
  const lift = (/** @type {PointerEvent} */ event) => {
    if (!last || !event.isPrimary) return
    last = null
    say()
  }
  paper.addEventListener("pointerup", lift)
  paper.addEventListener("pointercancel", lift)

  // Keyboard

  const DIRECTIONS = /** @type {Record<string, [number, number]>} */ ({
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
  })
  const held = new Set()
  paper.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    if (event.key in DIRECTIONS) {
      held.add(event.key) // two at once move the pen diagonally
      const from = { x: pen.x, y: pen.y }
      for (const key of held) {
        pen.x = Math.min(Math.max(pen.x + STEP * DIRECTIONS[key][0], 0), SIZE)
        pen.y = Math.min(Math.max(pen.y + STEP * DIRECTIONS[key][1], 0), SIZE)
      }
      pen.visible = true
      if (chosen !== null) clear()
      if (pen.down) stroke(from, pen)
    } else if (event.key === " ") {
      if (event.repeat) return event.preventDefault()
      pen.down = !pen.down
      pen.visible = true
      if (pen.down) stroke(pen, pen)
      else say()
    } else if (event.key === "Delete" || event.key === "Backspace") {
      pen.down = false
      clear()
    } else return
    event.preventDefault()
    soon()
  })
  paper.addEventListener("keyup", event => held.delete(event.key))
  paper.addEventListener("blur", () => {
    held.clear()
    const drawing = pen.down
    pen = { ...pen, down: false, visible: false }
    if (drawing) say()
    else soon()
  })

  part(".draw-paper button", HTMLButtonElement).addEventListener("click", clear)

  // Begin

  part(".draw-about", HTMLElement).textContent =
    `${shown.about} It classifies ${shown.accuracy} of ${shown.tested} test images correctly.`
  for (const live of figure.querySelectorAll(".draw-live")) /** @type {HTMLElement} */ (live).hidden = false
  new MutationObserver(() => {
    readColours()
    show()
    showLens()
    showDigits()
  }).observe(document.body, { attributeFilter: ["data-md-color-scheme"] })
  readColours()
  showDigits()
  choose(0)
  look(0, values[0].indexOf(Math.max(...values[0])))
}
