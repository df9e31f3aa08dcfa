// The codebook: every code in its place, and for those who lead, changing it where it stands.

import { api, at, given, h, holding, key, printedKey, say } from "./common.js";
import { askAdd, askMerge, askPutBack, askRetire, propose, showHistory } from "./changing.js";
import { CodeForm } from "./codeform.js";
import { contents, entry, gone, reading } from "./entry.js";

let book = given();
const { lead, palette } = book;
let current = null; // the id of the code in focus
let form = null; // the code that is being changed
const report = h("section", { class: "note book-note", id: "done", "aria-label": "What was done", hidden: true });

const codeOf = (id) => book.codes.find((code) => code.id === id);
const order = () => [...book.codes.map((code) => code.id), ...book.retired.map((code) => code.id)];
const live = () => !form && lead && !book.faults.length && Boolean(codeOf(current));

// What is shown.

function show(next) {
  book = { ...book, ...next };
  const retired = book.retired.length ? `, ${book.retired.length} retired` : "";
  at("version").replaceChildren(
    `${book.codes.length} codes${retired}. Version `,
    h("code", { title: book.codebook }, book.codebook.slice(0, 12)),
  );
  if (!order().includes(current)) current = wanted() ?? order()[0];
  showFaults();
  at("behind").hidden = !book.behind.length;
  at("behind").replaceChildren(h("ul", {}, book.behind.map((sentence) => h("li", {}, reading(sentence)))));
  at("contents").replaceChildren(...contents(book, current));
  const kept = form ? form.code.id : null;
  const entries = book.codes.map((code) => (code.id === kept ? form.element : entry(book, code, tools(code))));
  const old = book.retired.map((code) => gone(book, code, back(code)));
  at("entries").replaceChildren(...entries, ...(old.length ? [h("h2", { class: "old" }, "Retired"), ...old] : []));
  document.getElementById(current)?.closest(".entry").before(report);
  point(current);
}

function showFaults() {
  const faults = book.faults.map(({ line, column, message }) =>
    h("li", {}, line ? h("strong", {}, `Line ${line}, column ${column}: `) : null, message),
  );
  at("faults").hidden = !faults.length;
  const again = h("button", { type: "button", on: { click: () => reload("Looked again.") } }, "Look again");
  at("faults").replaceChildren(
    h("p", {}, "codebook.yml has a fault. Until it is put right, this is the codebook from before it, and cannot be changed here."),
    h("ul", {}, faults),
    again,
  );
  if (lead) at("add").disabled = faults.length > 0;
  if (faults.length) at("faults").scrollIntoView({ block: "nearest" });
}

function tools(code) {
  if (!lead || book.faults.length) return null;
  const tool = (name, label, act) =>
    h(
      "button",
      { type: "button", class: "quiet", "aria-keyshortcuts": name, "aria-label": `${label}: ${code.name}`, on: { click: () => (point(code.id), act()) } },
      label,
      printedKey(name),
    );
  return h("div", { class: "entry-tools" }, tool("e", "Edit", edit), tool("n", "Add inside", () => add(code.id)), tool("m", "Merge", merge), tool("x", "Retire", retire));
}

const back = (code) =>
  lead && !book.faults.length && h("button", { type: "button", class: "quiet", "aria-label": `Restore ${code.name}`, on: { click: () => restore(code) } }, "Restore");

function point(id, focus = false) {
  current = id;
  for (const one of document.querySelectorAll(".entry, .contents a")) {
    if (one.dataset.code === id) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
  const link = at("contents").querySelector("[aria-current]");
  link?.scrollIntoView({ block: "nearest" });
  if (!focus) return;
  window.history.replaceState(null, "", `#${id}`);
  const head = document.getElementById(id);
  head?.focus({ preventScroll: true });
  head?.closest(".entry").scrollIntoView({ block: "nearest" });
}

function step(by) {
  const ids = order();
  const next = ids[Math.min(Math.max(ids.indexOf(current) + by, 0), ids.length - 1)];
  if (next !== current) point(next, true);
}

const wanted = () => {
  const id = decodeURIComponent(location.hash.slice(1));
  return order().includes(id) ? id : null;
};

// What is changed.

async function reload(told = "") {
  const answer = await api("/api/codebook").catch(() => null);
  if (!answer) return false;
  show(answer);
  if (told) say(told);
  return true;
}

/** Show what was done, and go on where it was done. */
async function done(answer) {
  current = answer.code || current;
  await reload();
  tellOf(answer.told, answer.effects);
  point(current, true);
  report.scrollIntoView({ block: "nearest" });
}

function tellOf(told, effects = []) {
  const close = h("button", { type: "button", class: "quiet", on: { click: () => (report.hidden = true) } }, "Close");
  const lines = effects.map((sentence) => h("li", {}, reading(sentence)));
  report.replaceChildren(h("div", { class: "row" }, h("h2", {}, told), close), h("ul", {}, lines));
  report.hidden = false;
  say([told, ...effects].join(" "));
}

/** Ask and make an edit. `ask` is called again with what was typed until it is made or left. */
async function change(ask) {
  let typed = null;
  report.hidden = true;
  for (;;) {
    typed = await ask(typed);
    if (!typed) return;
    const { edit, told } = typed;
    const answer = await propose(book.codebook, edit, nameOf);
    if (answer?.made) return done({ ...answer.made, told });
    if (answer?.refused) {
      typed.refused = answer.refused;
      await reload();
    }
  }
}

const nameOf = (id) => [...book.codes, ...book.retired].find((code) => code.id === id) ?? { id, name: id, colour: "" };

function edit() {
  if (!live()) return;
  form = new CodeForm(codeOf(current), book, { palette, review, leave });
  show({});
  report.hidden = true;
  form.begin();
  for (const event of ["input", "click"]) form.element.addEventListener(event, hold);
}

const hold = () => holding("codebook", form && Object.keys(form.changed()).length ? "a change of the codebook is not made" : null);

async function review() {
  const fields = form.changed();
  if (!Object.keys(fields).length) return form.refuse("Nothing is changed yet.");
  form.refuse("");
  const edit = { kind: "change", code: form.code.id, fields };
  const answer = await propose(form.expected, edit, nameOf);
  if (answer?.made) {
    const { name } = form.code;
    close();
    return done({ ...answer.made, told: `“${name}” is changed.` });
  }
  if (answer?.refused) form.refuse(answer.refused, answer.moved ? renew : null);
}

/** The codebook as it is now, and what was typed on top of it. */
async function renew() {
  const { id } = form.code;
  if (!(await reload())) return;
  if (book.faults.length) return form.refuse("codebook.yml has a fault, which stands above: put it right first, and look again.", renew);
  const now = codeOf(id);
  if (!now) return form.refuse("This code is no longer in use. Copy what you need of your words before you leave them.");
  form.renew(now, book);
  say("This is the codebook as it is now, with your words.");
}

async function leave() {
  if (Object.keys(form.changed()).length && !(await form.sure())) return;
  close();
  show({});
  point(current, true);
}

function close() {
  form = null;
  holding("codebook", null);
}

const add = (parent = null) => !form && change((typed) => askAdd(book, parent, typed));
const merge = () => live() && change(of(current, askMerge));
const retire = () => live() && change(of(current, askRetire));
const restore = (code) => change(once({ edit: { kind: "restore", code: code.id }, told: `“${code.name}” is used again.` }));
const past = async () => {
  const version = await showHistory(book, lead && !book.faults.length && !form, nameOf);
  if (version) await change(once(askPutBack(version)));
};

/** Ask about this code, as it is by then; nothing where it is no longer in use. */
const of = (id, ask) => (typed) => (codeOf(id) ? ask(book, codeOf(id), typed) : tellOf(typed.refused));

/** Something that needs no typing: asked once; refused, it is said. */
function once(what) {
  let asked = false;
  return (typed) => {
    if (typed?.refused) tellOf(typed.refused);
    if (asked) return null;
    asked = true;
    return what;
  };
}

// Keys.

const quiet = { when: () => !form };
key(["j"], "Next code", () => step(1), { ...quiet, repeat: true });
key(["k"], "The code before", () => step(-1), { ...quiet, repeat: true });
key("h", "History: earlier versions", past, { ...quiet, button: at("history") });
at("history").addEventListener("click", past);
if (lead) {
  key("a", "Add a code", () => add(), { when: () => !form && !book.faults.length, button: at("add") });
  at("add").addEventListener("click", () => add());
  key("e", "Edit the code in focus", edit, { when: live });
  key("n", "Add a code inside it", () => add(current), { when: live });
  key("m", "Merge it into another", merge, { when: live });
  key("x", "Retire it", retire, { when: live });
  key("r", "Restore the retired code in focus", () => restore(nameOf(current)), { when: () => !form && !book.faults.length && !codeOf(current) });
}
addEventListener("hashchange", () => wanted() && !form && point(wanted(), true));
at("entries").addEventListener("focusin", (event) => {
  const id = event.target.closest(".entry")?.dataset.code;
  if (id && id !== current && !form) point(id);
});
at("entries").addEventListener("click", (event) => {
  const id = event.target.closest(".entry")?.dataset.code;
  if (id && id !== current && !form) point(id);
});

show({});
if (wanted() && !book.faults.length) point(wanted(), true);

