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
  let image = new Uint8Array(784)
  let box = /** @type {{left: number, top: number, width: number, height: number} | null} */ (null)
  let values = /** @type {Float32Array[]} */ ([])
  let chances = new Float32Array(10)
  /** The unit whose weights are shown. */
  let looking = { layer: 0, unit: 0 }
  let pen = { x: SIZE / 2, y: SIZE / 2, down: false, visible: false }

  // The parts that depend on the network

  const grids = hidden.map((layer, number) => {
    const units = layer.biases.length
    const columns = units > 128 ? 16 : 8
    const rows = Math.ceil(units / columns)
    const where = `.draw-layer[data-layer="${number}"]`
    const canvas = part(`${where} canvas`, HTMLCanvasElement)
    canvas.width = 224
    canvas.height = (224 / columns) * rows
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
    return { canvas, slider, columns, rows }
  })

  const bars = [...Array(10).keys()].map(digit => {
    const row = document.createElement("li")
    row.innerHTML = `<span>${digit}</span><span class="draw-bar"><span></span></span><span class="draw-percent"></span>`
    part(".draw-answer ol", HTMLElement).append(row)
    return row
  })

  const digits = network.bytes(shown.digits)
  const buttons = shown.labels.map((/** @type {number} */ label, /** @type {number} */ number) => {
    const button = document.createElement("button")
    const canvas = document.createElement("canvas")
    canvas.width = canvas.height = 28
    button.type = "button"
    button.ariaLabel = `Test digit ${number + 1}: a ${label}`
    button.append(canvas)
    button.addEventListener("click", () => choose(number))
    const right = part(".draw-digits", HTMLElement)
    if (number === 0) right.append(line("Or choose a test digit. It classifies these correctly …"))
    if (number === 10) right.append(line("… and these wrongly:"))
    right.append(button)
    return { button, canvas }
  })

  /** @param {string} text */
  function line(text) {
    return Object.assign(document.createElement("p"), { textContent: text })
  }

  // What changes the state

  /**
   * Classify a test digit.
   * @param {number} number
   */
  function choose(number) {
    chosen = number
    pen = { ...pen, down: false, visible: false }
    ink.clearRect(0, 0, SIZE, SIZE)
    classify()
    say()
  }

  function clear() {
    chosen = null
    ink.clearRect(0, 0, SIZE, SIZE)
    classify()
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
      const grey = ink.getImageData(0, 0, SIZE, SIZE).data.filter((_, at) => at % 4 === 3) // how opaque the ink is
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
    show()
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
   * Fill a canvas with a grid of squares, each of a colour and as opaque as its value.
   * @param {HTMLCanvasElement} canvas
   * @param {number} columns
   * @param {ArrayLike<number>} squares from -1 to 1
   * @param {string} positive
   * @param {string} negative
   */
  function paint(canvas, columns, squares, positive, negative) {
    const context = brush(canvas)
    const side = canvas.width / Math.max(columns, Math.ceil((squares.length / columns) * (canvas.width / canvas.height)))
    context.clearRect(0, 0, canvas.width, canvas.height)
    const left = (canvas.width - side * columns) / 2
    for (let i = 0; i < squares.length; i++) {
      if (squares[i] === 0) continue
      context.globalAlpha = Math.min(Math.abs(squares[i]), 1)
      context.fillStyle = squares[i] > 0 ? positive : negative
      context.fillRect(left + side * (i % columns), side * Math.floor(i / columns), side, side)
    }
    context.globalAlpha = 1
    return { context, side, left }
  }

  /** @param {string} name */
  function colour(name) {
    return getComputedStyle(figure).getPropertyValue(name).trim()
  }

  function show() {
    const inkColour = colour("--ink")
    showPaper(inkColour)
    paint(seen, 28, Array.from(image, pixel => pixel / 255), inkColour, inkColour)
    hidden.forEach((layer, number) => {
      const { canvas, slider, columns } = grids[number]
      const most = Math.max(...values[number], 1e-6)
      const { context, side } = paint(canvas, columns, values[number].map(value => value / most), colour("--forward"), "")
      context.strokeStyle = colour("--line")
      context.strokeRect(0.5, 0.5, canvas.width - 1, canvas.height - 1)
      const unit = number === looking.layer ? looking.unit : Number(slider.value)
      slider.value = String(unit)
      slider.ariaValueText = `unit ${unit + 1} of ${layer.biases.length}, activation ${values[number][unit].toFixed(2)}`
      if (number !== looking.layer) return
      context.strokeStyle = inkColour
      context.lineWidth = 3
      context.strokeRect(side * (unit % columns) + 1, side * Math.floor(unit / columns) + 1, side - 2, side - 2)
      context.lineWidth = 1
    })
    showLens()
    const answer = chances.indexOf(Math.max(...chances))
    bars.forEach((row, digit) => {
      const [, bar, percent] = row.children
      const fill = /** @type {HTMLElement} */ (bar.firstElementChild)
      fill.style.transform = `scaleX(${chances[digit]})`
      percent.textContent = `${Math.round(100 * chances[digit])} %`
      row.className = `${digit === answer && !empty() ? "draw-read" : ""} ${digit === truth() ? "draw-true" : ""}`
    })
    buttons.forEach((/** @type {{button: HTMLElement, canvas: HTMLCanvasElement}} */ { button, canvas }, /** @type {number} */ number) => {
      button.ariaPressed = String(number === chosen)
      const pixels = digits.subarray(784 * number, 784 * (number + 1))
      paint(canvas, 28, Array.from(pixels, pixel => pixel / 255), inkColour, inkColour)
    })
  }

  /** @param {string} inkColour */
  function showPaper(inkColour) {
    if (chosen !== null) {
      paint(paper, 28, Array.from(image, pixel => pixel / 255), inkColour, inkColour)
      return
    }
    const context = brush(paper)
    const scale = paper.width / SIZE
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, paper.width, paper.height)
    context.scale(scale, scale)
    context.drawImage(sheet, 0, 0)
    context.globalCompositeOperation = "source-in" // in the colour of the theme
    context.fillStyle = inkColour
    context.fillRect(0, 0, SIZE, SIZE)
    context.globalCompositeOperation = "source-over"
    context.strokeStyle = colour("--forward")
    if (box) {
      context.setLineDash([4, 4])
      context.strokeRect(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1)
      context.setLineDash([])
    }
    if (pen.visible) {
      context.beginPath()
      context.arc(pen.x, pen.y, PEN / 2, 0, 2 * Math.PI)
      context.lineWidth = pen.down ? 4 : 2
      context.stroke()
      context.lineWidth = 1
    }
    context.setTransform(1, 0, 0, 1, 0, 0)
  }

  function showLens() {
    const { layer, unit } = looking
    const inputs = layer === 0 ? 784 : layers[layer - 1].biases.length
    const weights = layers[layer].weights.subarray(inputs * unit, inputs * (unit + 1))
    const most = 0.7 * weights.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-6)
    const columns = layer === 0 ? 28 : grids[layer - 1].columns
    paint(lens, columns, weights.map(weight => weight / most), colour("--right"), colour("--wrong"))
    const of = layer === 0 ? "pixels" : `${inputs} units before`
    lens.ariaLabel = `The weights of unit ${unit + 1} of hidden layer ${layer + 1} on the ${of}`
  }

  /** The right digit, if it is known. */
  function truth() {
    return chosen === null ? null : shown.labels[chosen]
  }

  function empty() {
    return image.every(pixel => pixel === 0)
  }

  /** Put the answer into words, which a screen reader says. Not at every move of the pen. */
  function say() {
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
    classify()
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
    pen = { ...pen, down: false, visible: false }
    soon()
  })

  part(".draw-paper button", HTMLButtonElement).addEventListener("click", clear)

  // Begin

  part(".draw-about", HTMLElement).textContent = shown.about
  for (const live of figure.querySelectorAll(".draw-live")) /** @type {HTMLElement} */ (live).hidden = false
  new MutationObserver(show).observe(document.body, { attributeFilter: ["data-md-color-scheme"] })
  choose(0)
  look(0, values[0].indexOf(Math.max(...values[0])))
}
