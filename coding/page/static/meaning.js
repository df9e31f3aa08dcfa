// What a code means, under the list of codes.

import { at, h, key, say, tint } from "./common.js";

/** The definition of the code that is pointed at, and all of it when asked. */
export class Meaning {
  /** opened() is called when more or less is shown; otherwise() is the code to open where none is pointed at. */
  constructor(opened, otherwise) {
    this.opened = opened;
    this.otherwise = otherwise;
    this.code = null;
    this.open = false;
    this.label = new Text();
    at("more").replaceChildren(this.label);
    at("more").addEventListener("click", () => this.toggle());
    key("d", "Definition, include, exclude and examples of a code", () => this.toggle(), { button: at("more") });
    const scrolls = { when: () => this.open && !document.activeElement.closest(".before, .after"), repeat: true };
    key(["PageDown", "PageUp"], "Scroll the definition, while all of it shows", ({ key }) => this.scroll(key), scrolls);
  }

  /** Show this code, null for none. */
  show(code) {
    this.code = code ?? (this.open ? this.otherwise() : null);
    this.render();
  }

  scroll(key) {
    const text = at("meaning-text");
    text.scrollBy(0, (key === "PageDown" ? 0.9 : -0.9) * text.clientHeight);
  }

  toggle() {
    this.open = !this.open;
    if (this.open) this.code ??= this.otherwise();
    this.render();
    this.opened();
    if (this.open && this.code) say(`${this.code.name}: ${this.code.definition}`);
    at("meaning-text").scrollTop = 0;
  }

  render() {
    const code = this.code;
    at("meaning").classList.toggle("open", this.open);
    at("more").setAttribute("aria-expanded", String(this.open));
    this.label.data = this.open ? "Less" : "All of it";
    if (!code) {
      at("meaning-text").replaceChildren(h("p", { class: "muted" }, "Move to a code with j and k to read what it means."));
      return;
    }
    const parts = this.open ? LISTS.filter(([name]) => code[name].length) : [];
    at("meaning-text").replaceChildren(
      tint(h("h3", { class: "meant" }, code.name), code.colour),
      h("p", {}, code.definition),
      ...parts.flatMap(([name, title]) => [h("h4", {}, title), h("ul", { class: name }, code[name].map(item))]),
    );
  }
}

const item = (text) => h("li", {}, text);
const LISTS = [
  ["include", "Include"],
  ["exclude", "Leave out"],
  ["examples", "Examples"],
  ["near_misses", "Near misses: not this code"],
];
