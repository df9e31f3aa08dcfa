// The codebook beside the passage: ticking codes by number, by name or by arrow, and what each of them means.

import { at, h, key, printedKey, say, tint } from "./common.js";

const PAGE = 9; // codes that have a number at a time

/** What is ticked: a set of ids, where a nested code ticks those above it and codes may exclude each other. */
export class Ticks {
  constructor(codes) {
    this.byId = new Map(codes.map((code) => [code.id, code]));
    this.yes = new Set();
    this.quotes = new Map();
    const pairs = codes.flatMap((code) => code.never_with.map((other) => [code.id, other]));
    this.apart = new Set(pairs.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]));
  }

  /** Start anew with these codes and quotes; ones that the codebook no longer has are left out. */
  set(yes, quotes = {}) {
    this.yes = new Set(yes.filter((id) => this.byId.has(id)));
    this.quotes = new Map(Object.entries(quotes).filter(([id, span]) => span && this.yes.has(id)));
  }

  /** Tick a code and those above it: null, or a sentence that says what it excludes. */
  tick(id) {
    const added = [id, ...this.byId.get(id).above].filter((one) => !this.yes.has(one));
    for (const one of added)
      for (const other of [...this.yes, ...added])
        if (this.apart.has(`${one} ${other}`))
          return `“${this.name(one)}” and “${this.name(other)}” exclude each other: untick the other one first.`;
    added.forEach((one) => this.yes.add(one));
    return null;
  }

  /** Untick a code and those nested in it. */
  untick(id) {
    for (const code of this.byId.values())
      if (code.id === id || code.above.includes(id)) {
        this.yes.delete(code.id);
        this.quotes.delete(code.id);
      }
  }

  name(id) {
    return this.byId.get(id)?.name ?? id;
  }

  /** Ids in the order of the codebook. */
  listed() {
    return [...this.byId.keys()].filter((id) => this.yes.has(id));
  }
}

/**
 * The list of codes. on.toggle(id) is called for a code that a person ticks or unticks, on.unquote(id) where they take a
 * quote away, on.look(id or null) for the code they point at.
 */
export class CodeList {
  constructor(on) {
    this.on = on;
    this.first = 0;
    this.current = null;
    this.rows = new Map();
    this.body = at("codes");
    at("find").addEventListener("input", () => this.filter());
    at("find").addEventListener("keydown", (event) => this.inFind(event));
    this.keys();
  }

  keys() {
    const digits = Array.from({ length: PAGE }, (_, i) => String(i + 1));
    key(digits, "Tick or untick the code of this number", (event) => this.toggleNumber(Number(event.key)));
    key("0", "Number the next codes", () => this.turn(), { button: at("turn"), when: () => this.rows.size > PAGE });
    key("j", "Next code", () => this.move(1), { repeat: true });
    key("k", "Code before", () => this.move(-1), { repeat: true });
    const inList = () => this.body.contains(document.activeElement);
    key("ArrowDown", "Next code, among the codes", () => this.move(1), { repeat: true, when: inList });
    key("ArrowUp", "Code before, among the codes", () => this.move(-1), { repeat: true, when: inList });
    key(" ", "Tick or untick the code in focus", () => {}, { when: () => false }); // the tick box does it by itself
    key("/", "Find a code by its name", () => at("find").focus());
    at("turn").addEventListener("click", () => this.turn());
  }

  /** Show these codes. */
  show(codes) {
    this.codes = codes;
    this.rows = new Map(codes.map((code) => [code.id, this.row(code)]));
    this.body.replaceChildren(...[...this.rows.values()].map((row) => row.item));
    at("turn").hidden = codes.length <= PAGE;
    this.number(0);
  }

  row(code) {
    const box = h("input", { type: "checkbox", id: `code-${code.id}`, "aria-describedby": `about-${code.id}` });
    const number = h("span", { class: "number", "aria-hidden": "true" });
    const hint = h("span", { class: "suggested", hidden: true }, "suggested");
    const parts = code.above.map((id) => this.codes.find((one) => one.id === id)?.name ?? id);
    const inside = parts.length ? h("span", { class: "hidden" }, `, part of ${parts.join(", part of ")}`) : null;
    const label = h("label", {}, box, h("span", { class: "name" }, code.name, inside), hint, number);
    const about = h("div", { class: "about", id: `about-${code.id}` });
    const item = tint(h("li", { style: { "--depth": String(code.depth) } }, label, about), code.colour);
    box.addEventListener("change", () => this.on.toggle(code.id));
    box.addEventListener("focus", () => this.point(code.id));
    item.addEventListener("mouseenter", () => this.on.look(code.id));
    item.addEventListener("mouseleave", () => this.on.look(this.current));
    label.addEventListener("mousedown", (event) => event.preventDefault()); // what is selected stays so
    return { item, box, number, hint, about };
  }

  /** Show what is ticked, with the words of each quote: {id: text}. */
  ticked(ticks, words) {
    for (const [id, row] of this.rows) {
      row.box.checked = ticks.yes.has(id);
      row.item.classList.toggle("on", row.box.checked);
      const quote = words[id];
      row.about.replaceChildren(...(quote ? this.quoted(id, quote) : []));
    }
  }

  quoted(id, words) {
    const name = `Take the quote of ${this.codes.find((code) => code.id === id).name} away`;
    const away = h("button", { type: "button", class: "quiet small", "aria-label": name, on: { click: () => this.on.unquote(id) } }, "×");
    return [h("span", { class: "hidden" }, "only: "), h("q", {}, words), away];
  }

  /** Mark the codes that are suggested; the tick is the person's. */
  suggested(ids) {
    for (const [id, row] of this.rows) row.hint.hidden = !ids.has(id);
  }

  /** Begin a passage: the first numbers, no code in focus, nothing looked for. */
  reset() {
    this.current = null;
    at("find").value = "";
    this.filter(false);
    this.number(0);
    at("codes-body").scrollTop = 0;
  }

  number(first) {
    this.first = first;
    [...this.rows.values()].forEach(({ number, box }, i) => {
      const digit = i >= first && i < first + PAGE ? String(i - first + 1) : "";
      number.replaceChildren(...(digit ? [printedKey(digit)] : []));
      if (digit) box.setAttribute("aria-keyshortcuts", digit);
      else box.removeAttribute("aria-keyshortcuts");
    });
    const next = this.next();
    const label = `${next + 1}–${Math.min(next + PAGE, this.rows.size)}`;
    if (!at("turn").hidden) at("turn").firstChild.nodeType === 3 ? (at("turn").firstChild.data = `Codes ${label}`) : at("turn").prepend(`Codes ${label}`);
  }

  next() {
    return this.first + PAGE < this.rows.size ? this.first + PAGE : 0;
  }

  turn() {
    this.number(this.next());
    const from = [...this.rows.keys()][this.first];
    this.rows.get(from).item.scrollIntoView({ block: "nearest" });
    say(`The numbers are now those of ${this.first + 1} to ${Math.min(this.first + PAGE, this.rows.size)}.`);
  }

  toggleNumber(digit) {
    const id = [...this.rows.keys()][this.first + digit - 1];
    if (id) this.on.toggle(id);
  }

  /** Make a code the one that `d` and `q` are about. */
  point(id) {
    this.current = id;
    this.on.look(id);
  }

  move(step) {
    const shown = [...this.rows].filter(([, row]) => !row.item.hidden).map(([id]) => id);
    const focused = shown.findIndex((id) => this.rows.get(id).box === document.activeElement);
    const place = focused < 0 ? shown.indexOf(this.current) : focused;
    const to = place < 0 ? (step > 0 ? 0 : shown.length - 1) : Math.min(Math.max(place + step, 0), shown.length - 1);
    this.rows.get(shown[to])?.box.focus();
  }

  filter(aloud = true) {
    const wanted = fold(at("find").value);
    const shown = [];
    for (const code of this.codes ?? []) {
      const there = fold(`${code.name} ${code.id}`).includes(wanted);
      this.rows.get(code.id).item.hidden = !there;
      if (there) shown.push(code);
    }
    at("none-found").hidden = shown.length > 0;
    if (wanted && aloud) say(shown.length ? `${shown.length} found, first ${shown[0].name}` : "No code is called that.");
    if (wanted && shown.length) this.on.look(shown[0].id);
  }

  inFind(event) {
    const first = [...this.rows].find(([, row]) => !row.item.hidden)?.[0];
    if (event.isComposing || !["Enter", "Escape", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "ArrowDown") {
      if (first) this.rows.get(first).box.focus();
      return;
    }
    const wanted = at("find").value.trim() && event.key === "Enter" ? first : null;
    at("find").value = "";
    this.filter(false);
    if (wanted) {
      this.on.toggle(wanted);
      this.rows.get(wanted).box.focus();
    } else at("card").focus({ preventScroll: true });
  }
}

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();

/** What a code means, under the list: the definition, and all of it when asked. */
export class Meaning {
  constructor() {
    this.code = null;
    this.open = false;
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
    if (this.open && this.code) say(`${this.code.name}: ${this.code.definition}`);
    at("meaning").scrollTop = 0;
  }

  render() {
    const code = this.code;
    at("meaning").classList.toggle("open", this.open);
    at("more").setAttribute("aria-expanded", String(this.open));
    at("more").firstChild.data = this.open ? "Less" : "All of it";
    if (!code) {
      at("meaning-text").replaceChildren(h("p", { class: "muted" }, "Point at a code to read what it means."));
      return;
    }
    const parts = this.open ? LISTS.filter(([name]) => code[name].length) : [];
    at("meaning-text").replaceChildren(
      tint(h("h3", { class: "meant" }, code.name), code.colour),
      h("p", {}, code.definition),
      ...parts.flatMap(([name, title]) => [h("h4", {}, title), h("ul", { class: name }, code[name].map((one) => h("li", {}, one)))]),
    );
  }
}

const LISTS = [
  ["include", "Include"],
  ["exclude", "Leave out"],
  ["examples", "Examples"],
  ["near_misses", "Near misses: not this code"],
];
