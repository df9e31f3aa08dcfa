// What a code means, under the list of codes.

import { at, h, key, say, tint } from "./common.js";

/** The definition of the code that is pointed at, and all of it when asked. */
export class Meaning {
  constructor(opened) {
    this.opened = opened;
    this.code = null;
    this.open = false;
    this.label = new Text();
    at("more").replaceChildren(this.label);
    at("more").addEventListener("click", () => this.toggle());
    key("d", "Definition, include, exclude and examples of a code", () => this.toggle(), { button: at("more") });
  }

  /** Show this code, null for none. */
  show(code) {
    this.code = code;
    this.render();
  }

  toggle() {
    this.open = !this.open;
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
      at("meaning-text").replaceChildren(h("p", { class: "muted" }, "Point at a code to read what it means."));
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
