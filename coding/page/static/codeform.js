// Changing a code where it stands. What is typed stays until it is made or thrown away.

import { dialog, h, printedKey, tint } from "./common.js";

const LISTS = [
  ["include", "Takes in"],
  ["exclude", "Leaves out"],
  ["examples", "Examples"],
  ["near_misses", "Near misses"],
];
const FIELDS = ["name", "definition", "colour", ...LISTS.map(([name]) => name), "never_with"];
const NAMES = ["Blue", "Yellow", "Pink", "Green", "Orange", "Violet", "Light blue", "Grey"];
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const based = (code) => Object.fromEntries(FIELDS.map((name) => [name, name === "colour" ? code.own_colour : code[name]]));

/** The form of a code of this codebook. review(): show what it would change; leave(): the form is to close. */
export class CodeForm {
  constructor(code, book, { palette, review, leave }) {
    Object.assign(this, { code, palette, review, leave });
    this.under(code, book);
    this.element = h("article", { class: "entry sheet editing", "data-code": code.id, "aria-labelledby": code.id, "aria-current": "true", style: { "--depth": String(code.depth) } });
    tint(this.element, code.colour);
    this.element.addEventListener("keydown", (event) => this.pressed(event));
    this.build(this.base, {});
  }

  /** What is typed is a change of this version. */
  under(code, { codebook, codes }) {
    Object.assign(this, { code, codes, expected: codebook, base: based(code) });
  }

  pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") event.preventDefault(), this.leave();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.preventDefault(), this.submit();
  }

  /** Show these values; meanwhile: by field, what somebody else made of it. */
  build(values, meanwhile) {
    const { code } = this;
    this.name = h("input", { id: "edit-name", value: values.name, required: true, maxlength: "1000", autocomplete: "off" });
    this.definition = text("edit-definition", values.definition, { required: true });
    this.colour = new Colour(values.colour, this.palette, code.above.length > 0);
    this.lists = LISTS.map(([name, title]) => [name, new Lines(name, title, values[name])]);
    this.never = new Never(code, this.codes, values.never_with);
    this.problem = h("div", { class: "problem", role: "alert", hidden: true });
    const note = (name) => meanwhile[name] && h("p", { class: "hint meanwhile" }, "Meanwhile it became: ", h("q", {}, meanwhile[name]));
    const field = (id, label, input, name) => h("div", { class: "field" }, h("label", { for: id }, label), input, note(name));
    const submit = (event) => (event.preventDefault(), this.submit());
    this.form = h(
      "form",
      { autocomplete: "off", on: { submit } },
      h("h2", { id: code.id, tabindex: "-1" }, `Change “${code.name}”`),
      field("edit-name", "Name", this.name, "name"),
      field("edit-definition", "Definition", this.definition, "definition"),
      h("div", { class: "lists" }, this.lists.map(([name, lines]) => h("div", { class: name }, lines.element))),
      this.never.element,
      this.colour.element,
      note("colour"),
      this.problem,
      h(
        "div",
        { class: "actions" },
        h("button", { type: "submit", class: "primary", "aria-keyshortcuts": "Control+Enter" }, "See what it changes", printedKey("Ctrl Enter")),
        h("button", { type: "button", "aria-keyshortcuts": "Escape", on: { click: () => this.leave() } }, "Leave it", printedKey("Escape")),
      ),
    );
    this.element.replaceChildren(this.form);
  }

  begin() {
    this.definition.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  submit() {
    if (this.form.reportValidity()) this.review();
  }

  typed() {
    const lists = Object.fromEntries(this.lists.map(([name, lines]) => [name, lines.values()]));
    return { name: this.name.value, definition: this.definition.value, colour: this.colour.value(), ...lists, never_with: this.never.values() };
  }

  /** Of what was typed, what is not as it was. */
  changed() {
    const typed = this.typed();
    return Object.fromEntries(FIELDS.filter((name) => !same(typed[name], this.base[name])).map((name) => [name, typed[name]]));
  }

  /** The code as it is by now, with what was typed on top: lines that others added stay, and so do yours. */
  renew(now, book) {
    const [typed, was, is] = [this.typed(), this.base, based(now)];
    const values = {};
    const meanwhile = {};
    for (const name of FIELDS) {
      if (Array.isArray(is[name])) {
        const mine = typed[name].filter((line) => !was[name].includes(line) && !is[name].includes(line));
        values[name] = [...is[name].filter((line) => typed[name].includes(line) || !was[name].includes(line)), ...mine];
      } else {
        const mine = typed[name] !== was[name];
        values[name] = mine ? typed[name] : is[name];
        if (mine && was[name] !== is[name] && typed[name] !== is[name]) meanwhile[name] = is[name] || "none";
      }
    }
    this.under(now, book);
    this.build(values, meanwhile);
    this.begin();
  }

  /** Say why it is not made; renew: what gets the codebook as it is now. */
  refuse(sentence, renew = null) {
    this.problem.hidden = !sentence;
    const button = renew && h("button", { type: "button", on: { click: renew } }, "Show it as it is now, and keep my words");
    this.problem.replaceChildren(...[sentence && h("p", {}, sentence), button].filter(Boolean));
    button?.focus();
  }

  /** Whether what was typed may be thrown away. */
  async sure() {
    const actions = [{ label: "Throw my words away", value: true }];
    return dialog({ title: "Leave without making the change?", body: [h("p", {}, "What you typed here is not in the codebook.")], actions });
  }
}

function text(id, value, more = {}) {
  const area = h("textarea", { id, maxlength: "20000", rows: "1", ...more });
  area.value = value;
  return area;
}

let made = 0;

/** A list of texts, each in a field of its own: Enter adds one, Backspace in an empty one takes it away. */
class Lines {
  constructor(name, title, values) {
    Object.assign(this, { name, title });
    this.rows = h("ul", {});
    this.element = h(
      "fieldset",
      { class: "lines" },
      h("legend", {}, title),
      this.rows,
      h("button", { type: "button", class: "quiet", "aria-label": `Add to: ${title}`, on: { click: () => this.add("").focus() } }, "Add a line"),
    );
    values.forEach((value) => this.add(value));
  }

  add(value, after = null) {
    const area = text(`line-${++made}`, value, { "aria-label": this.title });
    const away = h("button", { type: "button", class: "quiet", "aria-label": `Take this line away: ${this.title}`, on: { click: () => this.away(row) } }, "×");
    const row = h("li", {}, area, away);
    area.addEventListener("keydown", (event) => {
      if (event.isComposing || event.ctrlKey || event.metaKey) return;
      if (event.key === "Enter") event.preventDefault(), this.add("", row).focus();
      if (event.key === "Backspace" && !area.value) event.preventDefault(), this.away(row);
    });
    if (after) after.after(row);
    else this.rows.append(row);
    return area;
  }

  away(row) {
    const near = row.previousElementSibling ?? row.nextElementSibling;
    row.remove();
    (near?.querySelector("textarea") ?? this.element.querySelector("fieldset > button")).focus();
  }

  values() {
    return [...this.rows.querySelectorAll("textarea")].map((area) => area.value.trim()).filter(Boolean);
  }
}

/** A code's own colour: one of the palette, another, or none. */
class Colour {
  constructor(value, palette, nested) {
    const known = palette.find((one) => one.toUpperCase() === value.toUpperCase());
    this.given = value;
    const pick = (colour, label, swatch) =>
      h(
        "label",
        { class: "pick", title: label },
        h("input", { type: "radio", name: "colour", value: colour, checked: colour === (known ?? (value ? "other" : "")) }),
        swatch && tint(h("span", { class: "swatch" }), colour),
        h("span", { class: swatch ? "hidden" : "" }, label),
      );
    this.other = h("input", { type: "color", value: value && !known ? value : "#8888aa", "aria-label": "Another colour" });
    const another = pick("other", "Another", false);
    this.other.addEventListener("input", () => (another.querySelector("input").checked = true));
    this.element = h(
      "fieldset",
      { class: "colours" },
      h("legend", {}, "Colour"),
      h("div", { class: "row" }, pick("", nested ? "That of the code above" : "None", false), palette.map((colour, i) => pick(colour, NAMES[i] ?? colour, true)), another, this.other),
    );
  }

  value() {
    const chosen = this.element.querySelector("input:checked")?.value ?? "";
    const colour = chosen === "other" ? this.other.value : chosen;
    return colour.toUpperCase() === this.given.toUpperCase() ? this.given : colour;
  }
}

/** The codes that cannot hold together with this one. */
class Never {
  constructor(code, codes, values) {
    const others = codes.filter((one) => one.id !== code.id && !code.above.includes(one.id) && !one.above.includes(code.id));
    const tick = (one) => h("label", { class: "tick" }, h("input", { type: "checkbox", value: one.id, checked: values.includes(one.id) }), one.name);
    this.known = values;
    this.element = h("details", { class: "never", open: values.length > 0 }, h("summary", {}, "Never together with"), h("div", { class: "ticks" }, others.map(tick)));
    this.others = new Set(others.map((one) => one.id));
  }

  values() {
    const ticked = [...this.element.querySelectorAll("input:checked")].map((box) => box.value);
    const kept = this.known.filter((id) => ticked.includes(id) || !this.others.has(id));
    return [...kept, ...ticked.filter((id) => !kept.includes(id))];
  }
}
