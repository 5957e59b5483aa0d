// @ts-check
"use strict";

/**
 * What the interactive figures share: elements, controls, numbers as text, and state in the address.
 *
 * A figure is `<figure data-interactive="NAME">` (docs/interactive/NAME.html), with a still picture for browsers that run
 * no scripts. `Figures.add(NAME, …)` puts what can be touched at its beginning.
 *
 * @typedef {Record<string, number>} State  What the reader has set. All of it goes into the address.
 * @typedef {Record<string, [start: number, least: number, most: number, step: number]>} Fields
 * @typedef {Record<string, string | number | boolean | undefined>} Attributes
 * @typedef {Object} Panel
 * @property {State} state
 * @property {(name: string, label: string, say?: (value: number) => string) => HTMLElement} slider
 * @property {(name: string, label: string, options: string[]) => HTMLElement} choice
 * @property {(name: string, label: string) => HTMLElement} tick
 * @property {(label: string, change: () => State) => HTMLButtonElement} button
 */
const Figures = (() => {
  /**
   * An HTML element.
   * @template {keyof HTMLElementTagNameMap} T
   * @param {T} tag
   * @param {Attributes} [attributes]
   * @param {...(Node | string)} content
   * @returns {HTMLElementTagNameMap[T]}
   */
  function html(tag, attributes = {}, ...content) {
    return /** @type {HTMLElementTagNameMap[T]} */ (filled(document.createElement(tag), attributes, content));
  }

  /**
   * An SVG element.
   * @param {string} tag
   * @param {Attributes} [attributes]
   * @param {...(Node | string)} content
   */
  function svg(tag, attributes = {}, ...content) {
    return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, content);
  }

  /**
   * @param {Element} element
   * @param {Attributes} attributes
   * @param {(Node | string)[]} content
   */
  function filled(element, attributes, content) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...content);
    return element;
  }

  /**
   * A number as the figures write it: `digits` of them, a real minus sign, and `nan` and `∞` as NumPy means them.
   * @param {number} x
   * @param {number} [digits]
   */
  function written(x, digits = 4) {
    if (Number.isNaN(x)) return "nan";
    if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
    const size = Math.abs(x);
    const short = x !== 0 && (size < 1e-3 || size >= 1e5);
    return (short ? x.toExponential(digits - 2) : String(Number(x.toPrecision(digits)))).replaceAll("-", "−");
  }

  /**
   * Makes one figure interactive.
   * @param {string} name
   * @param {Fields} fields  Everything that can be set: where it starts, its bounds and its step.
   * @param {(panel: Panel) => { parts: (Node | string)[], redraw: (state: State) => void }} build
   */
  function add(name, fields, build) {
    const place = document.querySelector(`figure[data-interactive="${name}"]`);
    if (!place) return;

    /** @type {State} */
    const state = Object.fromEntries(Object.entries(fields).map(([field, [start]]) => [field, start]));
    /** @type {(() => void)[]} What sets each control to the state. */
    const controls = [];
    let made = 0;

    /** @param {State} changes */
    function change(changes) {
      Object.assign(state, changes);
      show();
      const query = new URLSearchParams(Object.entries(state).map(([field, value]) => [field, String(value)]));
      clearTimeout(waiting); // browsers refuse more than a few changes of the address in a second
      waiting = setTimeout(() => history.replaceState(null, "", `#${name}?${query}`), 200);
    }
    let waiting = 0;

    function show() {
      for (const set of controls) set();
      redraw(state);
    }

    /** Takes the state from the address, if it is this figure's. */
    function recall() {
      const [whose, query] = decodeURIComponent(location.hash.slice(1)).split("?");
      if (whose !== name || query === undefined) return false;
      for (const [field, text] of new URLSearchParams(query)) {
        const [, least, most, step] = fields[field] ?? [];
        const value = Number(text);
        if (step === undefined || !Number.isFinite(value)) continue;
        const steps = Math.round((Math.min(Math.max(value, least), most) - least) / step);
        state[field] = Number((least + steps * step).toFixed(6));
      }
      return true;
    }

    /** @type {Panel} */
    const panel = {
      state,

      slider(field, label, say = written) {
        const [, min, max, step] = fields[field];
        const id = `${name}-${++made}`;
        const input = html("input", { type: "range", id, min, max, step, name: field });
        const output = html("output", { for: id });
        input.addEventListener("input", () => change({ [field]: input.valueAsNumber }));
        controls.push(() => {
          input.value = String(state[field]);
          output.value = say(state[field]);
          input.setAttribute("aria-valuetext", say(state[field]));
        });
        return html("div", { class: "slider" }, html("label", { for: id }, label), input, output);
      },

      choice(field, label, options) {
        const group = html("fieldset", { class: "choice" }, html("legend", {}, label));
        const inputs = options.map((option, value) => {
          const input = html("input", { type: "radio", name: `${name}-${field}`, value });
          input.addEventListener("change", () => change({ [field]: value }));
          group.append(html("label", {}, input, option));
          return input;
        });
        controls.push(() => inputs.forEach((input, value) => (input.checked = value === state[field])));
        return group;
      },

      tick(field, label) {
        const input = html("input", { type: "checkbox", name: field });
        input.addEventListener("change", () => change({ [field]: Number(input.checked) }));
        controls.push(() => (input.checked = state[field] === 1));
        return html("label", { class: "tick" }, input, label);
      },

      button(label, changes) {
        const button = html("button", { type: "button" }, label);
        button.addEventListener("click", () => change(changes()));
        return button;
      },
    };

    const { parts, redraw } = build(panel);
    const asked = recall();
    show();
    place.prepend(html("div", { class: "live" }, ...parts));
    if (asked) place.scrollIntoView();
    addEventListener("hashchange", () => {
      if (!recall()) return;
      show();
      place.scrollIntoView();
    });
  }

  return { html, svg, written, add };
})();
