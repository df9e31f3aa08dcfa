// The list of codes beside the passage: ticked by number, by name, by arrow or by pointing.

import { at, h, key, printedKey, say, tint } from "./common.js";

const PAGE = 9; // codes that have a number at a time

/**
 * The list of codes. on.toggle(id) is called for a code that a person ticks or unticks, on.unquote(id) where they take
 * a quote away, on.look(id or null) for the code they point at, on.seek() while one is looked for by name.
 */
export class CodeList {
  constructor(on) {
    this.on = on;
    this.first = 0;
    this.current = null;
    this.rows = new Map();
    this.body = at("codes");
    this.turnLabel = new Text();
    at("turn").append(this.turnLabel);
    at("find").addEventListener("input", () => this.filter());
    at("find").addEventListener("keydown", (event) => this.inFind(event));
    for (const event of ["focus", "input", "blur"]) at("find").addEventListener(event, () => this.on.seek());
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
    const parts = code.above.map((id) => this.codes.find((one) => one.id === id)?.name ?? id);
    const inside = parts.length ? h("span", { class: "hidden" }, `, part of ${parts.join(", part of ")}`) : null;
    const label = h("label", {}, box, h("span", { class: "name" }, code.name, inside), number);
    const about = h("div", { class: "about", id: `about-${code.id}` });
    const item = tint(h("li", { style: { "--depth": String(code.depth) } }, label, about), code.colour);
    box.addEventListener("change", () => this.on.toggle(code.id));
    box.addEventListener("focus", () => this.point(code.id));
    item.addEventListener("mouseenter", () => this.on.look(code.id));
    item.addEventListener("mouseleave", () => this.on.look(this.current));
    label.addEventListener("mousedown", (event) => event.preventDefault()); // what is selected stays so
    return { item, box, number, about };
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
    const said = { type: "button", class: "quiet small", "aria-label": name, on: { click: () => this.on.unquote(id) } };
    const away = h("button", said, "×");
    return [h("span", { class: "hidden" }, "only: "), h("q", {}, words), away];
  }

  /** Mark the codes that are suggested; the tick is the person's. */
  suggested(ids) {
    for (const [id, { item, number }] of this.rows) {
      item.querySelector(".suggested")?.remove();
      if (ids.has(id)) number.before(h("span", { class: "suggested" }, "suggested"));
    }
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
    this.turnLabel.data = `Codes ${label}`;
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
    const [row, body] = [this.rows.get(id).item.getBoundingClientRect(), at("codes-body").getBoundingClientRect()];
    at("codes-body").scrollTop += Math.max(0, row.bottom - body.bottom) + Math.min(0, row.top - body.top);
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
    const told = shown.length ? `${shown.length} found, first ${shown[0].name}` : "No code is called that.";
    if (wanted && aloud) say(told);
    if (wanted && shown.length) this.on.look(shown[0].id);
  }

  inFind(event) {
    if (event.isComposing || !["Enter", "Escape", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "ArrowDown") this.rows.get(this.firstShown())?.box.focus();
    else this.leave(event.key === "Enter" ? this.found() : null);
  }

  /** Leave the field, ticking this code; null for none. */
  leave(id) {
    at("find").value = "";
    this.filter(false);
    (id ? this.rows.get(id).box : at("card")).focus({ preventScroll: !id });
    if (id) this.on.toggle(id);
  }

  /** The code that Enter ticks in the field: its id, null for none; undefined where the field is not in use. */
  found() {
    if (document.activeElement !== at("find")) return undefined;
    return at("find").value.trim() ? (this.firstShown() ?? null) : null;
  }

  firstShown() {
    return [...this.rows].find(([, row]) => !row.item.hidden)?.[0];
  }
}

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
