// Changing the codebook: what is asked, what a change would do, and making it once that was seen.

import { api, dialog, h, newAct } from "./common.js";
import { changes, reading } from "./entry.js";

/**
 * Show what an edit would change and do, and make it if that is wanted. expected: the version it was thought of under.
 * {made: answer}, or {refused: sentence, moved: whether the codebook is another by now}; null where it is left.
 */
export async function propose(expected, edit, nameOf) {
  try {
    const plan = await api("/api/codebook/rehearse", { expected, edit }, { quiet: true });
    if (!(await agreed(plan, nameOf))) return null;
    return { made: await api("/api/codebook/edit", { act: newAct(), expected, edit }, { quiet: true }) };
  } catch (error) {
    const now = await api("/api/codebook").catch(() => null);
    return { refused: error.message, moved: Boolean(now) && (now.codebook !== expected || now.faults.length > 0) };
  }
}

function agreed({ changes: lines, effects }, nameOf) {
  const answer = dialog({
    title: "Make this change?",
    body: [
      lines.length ? changes(lines, nameOf) : h("p", {}, "What the codes mean stays the same: the colour is another."),
      h("h3", {}, "What it does"),
      h("ul", { class: "effects" }, effects.map((sentence) => h("li", {}, reading(sentence)))),
    ],
    actions: [{ label: "Make the change", value: true, primary: true }],
    wide: true,
  });
  document.querySelector("dialog[open] .primary").focus();
  return answer;
}

const field = (id, label, input, hint = null) =>
  h("div", { class: "field" }, h("label", { for: id }, label), input, hint && h("p", { class: "hint", id: `${id}-hint` }, hint));
const said = (typed) => typed?.refused && h("p", { class: "problem", role: "alert" }, typed.refused);
const option = (code, chosen) => h("option", { value: code.id, selected: code.id === chosen }, `${"– ".repeat(code.depth)}${code.name}`);

/** A new code: name, definition, and where it stands. */
export async function askAdd(book, parent, typed) {
  const was = { name: "", definition: "", parent: parent ?? "", ...typed?.edit };
  const name = h("input", { id: "new-name", required: true, maxlength: "1000", value: was.name, autocomplete: "off" });
  const definition = h("textarea", { id: "new-definition", required: true, maxlength: "20000", "aria-describedby": "new-definition-hint" });
  definition.value = was.definition;
  const place = h("select", { id: "new-parent" }, h("option", { value: "" }, "No other: it is a theme"), book.codes.map((code) => option(code, was.parent)));
  const hint = "One or two sentences: when does it hold? What it takes in and leaves out, and examples, come next.";
  const answer = await dialog({
    title: "Add a code",
    body: [said(typed), field("new-name", "Name", name), field("new-definition", "Definition", definition, hint), field("new-parent", "Inside", place)],
    actions: [{ label: "Go on", value: true, primary: true }],
  });
  if (!answer) return null;
  const edit = { kind: "add", name: name.value, definition: definition.value, parent: place.value || null };
  return { edit, told: `“${name.value}” is added.` };
}

/** Into which code, why, and whether its yes are said again there. */
export async function askMerge(book, code, typed) {
  if (below(book, code).length) return nestedFirst(book, code, "merged");
  const was = { into: "", reason: "", repeat: null, ...typed?.edit };
  const others = book.codes.filter((one) => one.id !== code.id);
  const into = h("select", { id: "into", required: true }, h("option", { value: "" }, "Choose a code"), others.map((one) => option(one, was.into)));
  const reason = why(was.reason);
  const choice = (repeat, label) =>
    h("label", { class: "tick" }, h("input", { type: "radio", name: "repeat", value: String(repeat), required: true, checked: was.repeat === repeat }), h("span", {}, label));
  const choices = h(
    "fieldset",
    {},
    h("legend", {}, "The decisions on it"),
    choice(true, "Say each yes again for the other code, in the coder's own name. None is moved: the old ones stay."),
    choice(false, "Leave them where they are. They count no more."),
  );
  const answer = await dialog({
    title: `Merge “${code.name}” into another code`,
    body: [
      said(typed),
      h("p", { class: "muted" }, "It is retired. The other code takes over its examples and what it takes in; what it leaves out stays with it."),
      field("into", "Into", into),
      choices,
      field("reason", "Why", reason),
    ],
    actions: [{ label: "Go on", value: true, primary: true }],
  });
  if (!answer) return null;
  const repeat = choices.querySelector("input[value=true]").checked;
  const edit = { kind: "merge", code: code.id, into: into.value, reason: reason.value, repeat };
  return { edit, told: `“${code.name}” is merged into “${others.find((one) => one.id === into.value).name}”.` };
}

/** Why a code is used no more. */
export async function askRetire(book, code, typed) {
  if (below(book, code).length) return nestedFirst(book, code, "retired");
  const reason = why(typed?.edit.reason ?? "");
  const answer = await dialog({
    title: `Retire “${code.name}”`,
    body: [said(typed), h("p", { class: "muted" }, "Nobody codes with it any more. What was decided on it stays in the ledger, and it can be restored."), field("reason", "Why", reason)],
    actions: [{ label: "Go on", value: true, primary: true }],
  });
  return answer && { edit: { kind: "retire", code: code.id, reason: reason.value }, told: `“${code.name}” is retired.` };
}

function why(text) {
  const reason = h("textarea", { id: "reason", required: true, maxlength: "20000" });
  reason.value = text;
  return reason;
}

const below = (book, code) => book.codes.filter((one) => one.above.includes(code.id));

async function nestedFirst(book, code, done) {
  const names = below(book, code).map((one) => one.name);
  const told = `A yes for them is a yes here, so each of them is to be merged or retired first: ${names.join(", ")}.`;
  await dialog({ title: `“${code.name}” cannot be ${done} yet`, body: [h("p", {}, told)] });
  return null;
}

/** The versions, newest first; the one that is to be put back, null for none. */
export async function showHistory(book, editable, nameOf) {
  const versions = await api("/api/codebook/history").catch(() => null);
  if (!versions) return null;
  const row = (one, number) => {
    const now = one.version === book.codebook;
    const id = h("code", {}, one.version.slice(0, 12));
    const choose = editable && !now && h("button", { type: "submit", class: "quiet", name: "version", value: one.version }, "Put back");
    return h(
      "li",
      { class: "version" },
      h("h3", {}, h("time", { datetime: one.time }, when(one.time)), " ", id, now ? h("span", { class: "badge good" }, "now") : null, choose),
      one.changes.length ? changes(one.changes, nameOf, "h4") : h("p", { class: "muted" }, number === versions.length - 1 ? "The first version that was used." : "The same as before."),
    );
  };
  const list = h("ol", { class: "versions" }, versions.map(row));
  let chosen = null;
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=version]");
    if (button) chosen = versions.find((one) => one.version === button.value);
  });
  const empty = h("p", {}, "No version was used yet: the first decision or `themis code` uses one.".replaceAll("`", ""));
  const unused = !versions.some((one) => one.version === book.codebook);
  const note = unused && versions.length ? h("p", { class: "note" }, "codebook.yml as it is now was not used yet.") : null;
  await dialog({ title: "Versions of the codebook", body: [note, versions.length ? list : empty], wide: true });
  return chosen;
}

/** Putting an earlier version back. */
export const askPutBack = ({ version, time }) => ({
  edit: { kind: "put back", version },
  told: `The codebook is what it was on ${when(time)}.`,
});

const when = (time) => new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
