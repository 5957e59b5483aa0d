// @ts-check
/**
 * "Find the mistake": code with one mistake, and four laws of which one catches it. `#12` in the address is round 12.
 *
 * @typedef {{component: string, code: [number, string, number], laws: number[], caughtBy: number, sentence: string, call: string,
 *   got: string, expected: string}} Round
 * @typedef {{laws: string[], fixed: Object<string, string>, rounds: Round[]}} Hunt
 *
 * The code of a round is the right code, as far as its first and from its last number of characters, and what is between.
 */
;(() => {
  /** @type {Hunt} */
  const data = /** @type {any} */ (globalThis).DATA.hunt
  const section = document.getElementById("hunt")
  if (!section) return

  /** @param {string} name @returns {HTMLElement} */
  const part = name => /** @type {HTMLElement} */ (section.querySelector(`[data-${name}]`))
  const keywords = /\b(def|return|for|in|if|else|not|and|or|is|lambda|import|from|as|None|True|False)\b/

  /** The answers given so far, by round. @type {Map<number, number>} */
  const answers = new Map()

  /** The number of the round in the address, from 0. */
  function current() {
    const number = Number(location.hash.slice(1))
    return Number.isInteger(number) && number >= 1 && number <= data.rounds.length ? number - 1 : 0
  }

  /** An element with text and children. @param {string} tag @param {string} kind @param {(string | Node)[]} children */
  function element(tag, kind, ...children) {
    const made = document.createElement(tag)
    if (kind) made.className = kind
    made.append(...children)
    return made
  }

  /** Code with its keywords in bold. @param {string} code */
  function shown(code) {
    return code.trimEnd().split(keywords).map((piece, i) => (i % 2 ? element("b", "", piece) : piece))
  }

  /** A sentence: what stands in backticks is code. @param {string} sentence */
  function words(sentence) {
    return sentence.split("`").map((piece, i) => (i % 2 ? element("code", "", piece) : piece))
  }

  /** @param {string} code */
  function block(code) {
    const pre = element("pre", "", element("code", "", ...shown(code)))
    pre.tabIndex = 0
    return element("div", "highlight", pre)
  }

  function draw() {
    const number = current()
    const round = data.rounds[number]
    const answer = answers.get(number)
    const found = [...answers].filter(([which, place]) => data.rounds[which].caughtBy === place).length
    part("title").textContent = `Round ${number + 1} of ${data.rounds.length}: ${round.component}`
    part("score").textContent = answers.size ? `${found} of ${answers.size} found` : ""
    const [fixed, [start, between, end]] = [data.fixed[round.component], round.code]
    part("code").replaceChildren(...shown(fixed.slice(0, start) + between + fixed.slice(fixed.length - end)))
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.place : undefined
    part("laws").replaceChildren(
      ...round.laws.map((law, place) => {
        const done = answer !== undefined
        const kind = done && place === round.caughtBy ? "right" : done && place === answer ? "wrong" : ""
        const mark = { right: "✓", wrong: "✗", "": String(place + 1) }[kind]
        const button = element("button", `control ${kind}`, element("span", "", mark), element("span", "", ...words(data.laws[law])))
        button.setAttribute("type", "button")
        button.setAttribute("aria-pressed", String(place === answer))
        if (done) button.setAttribute("aria-disabled", "true")
        button.dataset.place = String(place)
        return button
      }),
    )
    if (focused !== undefined) /** @type {HTMLElement} */ (section?.querySelector(`[data-place="${focused}"]`))?.focus()
    part("answer").replaceChildren(...(answer === undefined ? [] : explanation(round, answer)))
    for (const button of section?.querySelectorAll("[data-go]") ?? [])
      /** @type {HTMLButtonElement} */ (button).disabled = !data.rounds[number + Number(button.getAttribute("data-go"))]
  }

  /** @param {Round} round @param {number} answer */
  function explanation(round, answer) {
    const right = answer === round.caughtBy
    return [
      right
        ? element("p", "verdict right", "Right. This law catches it.")
        : element("p", "verdict wrong", `Not this one: it misses the mistake. Law ${round.caughtBy + 1} catches it.`),
      element("p", "", ...words(round.sentence)),
      element("p", "", "The smallest counterexample:"),
      block(`${round.call}\n# got:      ${comment(round.got)}\n# expected: ${comment(round.expected)}`),
      element("p", "", "The same function without the mistake:"),
      block(data.fixed[round.component]),
    ]
  }

  /** @param {string} text */
  const comment = text => text.replaceAll("\n", "\n#           ")

  /** @param {number} place */
  function choose(place) {
    if (answers.has(current()) || !(place in data.rounds[current()].laws)) return
    answers.set(current(), place)
    draw()
  }

  section.addEventListener("click", event => {
    const button = event.target instanceof Element ? event.target.closest("button") : null
    if (button?.dataset.place !== undefined) choose(Number(button.dataset.place))
    if (button?.dataset.go !== undefined) {
      location.hash = String(current() + 1 + Number(button.dataset.go))
      section.scrollIntoView({ block: "start" })
    }
  })
  section.addEventListener("keydown", event => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && /^[1-9]$/.test(event.key)) choose(Number(event.key) - 1)
  })
  addEventListener("hashchange", draw)
  document.getElementById("hunt-example")?.remove()
  section.hidden = false
  draw()
})()
