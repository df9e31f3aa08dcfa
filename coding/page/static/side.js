// Beside the passage: the last decisions, memos and flags, and the reasons of suggestions.

import { at, dialog, h } from "./common.js";

const NOTHING = h("li", { class: "muted" }, "Nothing yet.");

/** List the coder's last decisions; open(one) is called for the one they choose. */
export function showRecent(recent, ticks, passage, open) {
  const rows = recent.map((one) => {
    const codes = [...ticks.byId.keys()].filter((id) => one.codes.includes(id)).map((id) => ticks.chip(id));
    const words = h("span", { class: "recent-words" }, one.speaker ? h("b", {}, `${one.speaker} `) : null, one.words);
    const said = h("span", { class: "recent-codes" }, codes.length ? codes : h("span", { class: "muted" }, "no code"));
    const here = one.passage === passage ? "true" : null;
    const click = () => open(one);
    const kind = { type: "button", class: "recent-one", "aria-current": here, on: { click } };
    return h("li", {}, h("button", kind, words, said));
  });
  at("recent").replaceChildren(...(rows.length ? rows : [NOTHING]));
}

/** Show the memos and flags of a passage; change(memo) is called for one of the coder's own. */
export function showNotes(card, coder, change) {
  const memos = card.memos.map((memo) => {
    const click = () => change(memo);
    const button = h("button", { type: "button", class: "quiet small", on: { click } }, "Change");
    return note("Memo", memo, memo.author === coder ? button : null);
  });
  const flags = card.flags.map((flag) => note("Flag", flag));
  at("notes").replaceChildren(...flags, ...memos);
}

function note(kind, { author, text, time }, more = null) {
  const day = h("span", { class: "role" }, time.slice(0, 10));
  const head = h("p", { class: "speaker" }, `${kind} by ${author}`, day, more);
  return h("div", { class: `remark ${kind.toLowerCase()}` }, head, text ? h("p", {}, text) : null);
}

/** Ask for a memo, or another in place of an old one: {text}; null where nothing is to change. */
export async function askMemo(old) {
  const asked = await askText({
    title: old ? "Change your memo" : "Memo on this passage",
    hint: old ? "An empty memo is taken away." : "What you noticed; it stands beside the passage, with your name.",
    text: old?.text ?? "",
    actions: [{ label: "Save the memo", value: "save", primary: true }],
  });
  return old || asked?.text.trim() ? asked : null;
}

/** Ask for the note of a flag: {value: "up" or "down", text}; null where nothing is to change. */
export function askFlag(own) {
  const up = { label: own ? "Save the note" : "Raise the flag", value: "up", primary: true };
  return askText({
    title: own ? "Your flag" : "Flag this passage",
    hint: "What is doubtful here? It may stay empty.",
    text: own?.text ?? "",
    actions: own ? [up, { label: "Take it down", value: "down" }] : [up],
  });
}

async function askText({ title, hint, text = "", actions }) {
  const field = h("textarea", { id: "remark", maxlength: "20000", rows: "5", value: text });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) field.form.requestSubmit();
  });
  const body = [h("label", { for: "remark" }, hint), field, h("p", { class: "hint" }, "Ctrl + Enter saves it.")];
  const value = await dialog({ title, body, actions });
  return value === null ? null : { value, text: field.value };
}

const NEAREST = {
  definition: "Nearest to the definition in the codebook",
  example: "Nearest to an example in the codebook",
  decided: "Nearest to a passage that was decided",
};

const HOW = {
  likeness: "By likeness to the codebook: where to look, not how sure.",
  score: "Learned from what people decided so far.",
};

/** Say why each code is suggested. */
export function showReasons(card, ticks, passage) {
  const rows = inOrder(card, ticks).map((hint) => {
    const words = hint.sentence ? passage.words(hint.sentence) : "";
    const part = words && words.trim() !== card.text.trim();
    const reason = hint.text && h("p", {}, `${NEAREST[hint.because] ?? "Nearest"}: `, h("q", {}, hint.text));
    return h(
      "div",
      { class: "reason" },
      h("h3", {}, ticks.chip(hint.code)),
      part && h("p", {}, "Carried by: ", h("q", {}, words)),
      reason,
      h("p", { class: "muted" }, HOW[hint.kind]),
      h("div", { class: "all", "data-code": hint.code }),
    );
  });
  const near = card.why === "certain" && card.wanted && ticks.name(card.wanted);
  const but = near ? ` Of what nobody has read, it is among the passages most like “${near}”.` : "";
  const none = h("p", { class: "muted" }, `Nothing is suggested of this passage.${but}`);
  at("behind").replaceChildren(...(rows.length ? rows : [none]));
}

/** The suggestions of a card in the order of the codebook, never in that of their scores. */
export function inOrder(card, ticks) {
  const places = [...ticks.byId.keys()];
  return (card.hints ?? [])
    .filter((hint) => ticks.byId.has(hint.code))
    .sort((a, b) => places.indexOf(a.code) - places.indexOf(b.code));
}
