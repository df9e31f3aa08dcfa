// Draws a passage with what its coders said of it, and the list that it stands in. Decides nothing.

import { at, given, h, tint } from "./common.js";

const WHY = {
  audit: "blind, in an audit",
  double: "blind, in double coding",
  certain: "in review, as a likely one",
  uncertain: "in review, as a doubtful one",
  diverse: "in review, as a different one",
  manual: "in review",
  import: "imported",
};
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const CHANGED = { "+": "added: ", "-": "taken out: " };

export const { codes, codebook, reasons } = given();
const byId = new Map(codes.map((code) => [code.id, code]));

export const codeOf = (id) => byId.get(id) ?? null;
export const nameOf = (id) => codeOf(id)?.name ?? id;
export const yesNo = (value) => (value ? "Yes" : "No");
export const counted = (number) => number.toLocaleString("en-GB");
export const tinted = (tag, id, ...more) => tint(h(tag, { class: "code" }, nameOf(id), more), codeOf(id)?.colour ?? "");

/** Part of a text by code points, as offsets are counted everywhere. */
const cut = (text, start, end) => Array.from(text).slice(start, end).join("");

function day(time) {
  const read = new Date(time);
  return Number.isNaN(read.getTime()) ? time : DAY.format(read);
}

/**
 * Who said something, perhaps hidden: coders are letters, in an order that turns from passage to passage, so that
 * "Coder A" is not always the same person.
 */
export function namer(heard, hidden) {
  if (!hidden) return (name) => name;
  const turn = heard.place.passage % Math.max(1, heard.coders.length);
  const order = [...heard.coders.slice(turn), ...heard.coders.slice(0, turn)];
  return (name) => {
    const place = order.indexOf(name);
    return place < 0 ? "Somebody else" : `Coder ${place < 26 ? String.fromCharCode(65 + place) : place + 1}`;
  };
}

/** One passage of the list. */
export function item(one, inFocus, open) {
  const share = one.same / one.compared;
  const kind = share < 0.5 ? "bad" : share < 0.8 ? "warn" : "good";
  const named = one.codes.map(({ code, settled }) =>
    tinted("li", code, settled === null ? null : h("strong", {}, yesNo(settled))),
  );
  const top = [
    h("span", { class: "where" }, one.document),
    h("span", { class: `badge ${kind}` }, `agree on ${one.same} of ${one.compared}`),
  ];
  const button = h(
    "button",
    { type: "button", class: "case", "aria-current": inFocus ? "true" : null, on: { click: open } },
    h("span", { class: "case-top" }, top),
    h("span", { class: "words" }, one.words),
  );
  return h("li", {}, button, h("ul", { class: "named" }, named));
}

/** The passage in its context, with the words that coders quoted for this code, and what was noted on it. */
export function drawPassage(heard, code, who) {
  const { place } = heard;
  const attributes = Object.entries(place.attributes).map(([name, value]) => `${name}: ${value}`);
  at("place").textContent = [place.name, place.speaker].filter(Boolean).join(" – ");
  at("attributes").textContent = attributes.join(" · ");
  const asked = place.question && !place.before.some((said) => said.text === place.question);
  const question = asked ? [turn({ speaker: "Question", text: place.question })] : [];
  at("before").replaceChildren(...question, ...place.before.map(turn));
  at("after").replaceChildren(...place.after.map(turn));
  const said = heard.disputes.find((one) => one.code === code)?.said ?? [];
  at("passage").replaceChildren(...marked(place.text, said.map((one) => one.quote).filter(Boolean)));
  const both = `All say yes to ${heard.both.map(nameOf).join(", ")}.`;
  at("remarks").replaceChildren(
    ...(heard.both.length ? [h("p", { class: "muted" }, both)] : []),
    ...heard.flags.map((flag) => remark("Flag", flag, who)),
    ...heard.memos.map((memo) => remark("Memo", memo, who)),
  );
}

function turn(said) {
  const question = said.question && h("span", { class: "answers" }, said.question);
  return h("p", { class: "context" }, question, said.speaker && h("span", { class: "speaker" }, `${said.speaker}  `), said.text);
}

function remark(kind, note, who) {
  const about = note.code ? ` on ${nameOf(note.code)}` : "";
  const head = h("strong", {}, `${kind} by ${who(note.author)}${about}: `);
  return h("p", { class: "remark" }, head, note.text || "without a note");
}

function marked(text, quotes) {
  const letters = Array.from(text);
  const inside = letters.map(() => false);
  for (const [start, end] of quotes) inside.fill(true, start, end);
  const parts = [];
  for (let from = 0; from < letters.length; ) {
    let to = from;
    while (to < letters.length && inside[to] === inside[from]) to++;
    const words = letters.slice(from, to).join("");
    parts.push(inside[from] ? h("mark", {}, words) : words);
    from = to;
  }
  return parts;
}

/** What the code in focus means. */
export function drawDefinition(code) {
  at("definition").textContent = code?.definition ?? "";
  const lists = code
    ? { "Takes in": code.include, "Leaves out": code.exclude, Examples: code.examples, "Near misses": code.near_misses }
    : {};
  const said = Object.entries(lists).filter(([, texts]) => texts.length);
  const listed = (texts) => h("ul", {}, texts.map((text) => h("li", {}, text)));
  const rules = said.flatMap(([title, texts]) => [h("h3", {}, title), listed(texts)]);
  if (code) rules.push(h("p", {}, h("a", { href: `/codebook#${code.id}` }, "Look at it in the codebook")));
  at("rules").hidden = !rules.length;
  at("rules").querySelector("div").replaceChildren(...rules);
}

/** What each coder says of a code, side by side. */
export function sayings(heard, dispute, who) {
  return [...dispute.said]
    .sort((one, other) => who(one.coder).localeCompare(who(other.coder)))
    .map((said) =>
      h(
        "li",
        { class: said.value ? "saying yes" : "saying no" },
        h("span", { class: "who" }, who(said.coder)),
        h("strong", { class: "said" }, yesNo(said.value)),
        said.through && h("span", { class: "hint" }, `by saying yes to ${nameOf(said.through)}`),
        said.quote && h("q", {}, cut(heard.place.text, ...said.quote)),
        h("span", { class: "hint" }, told(said)),
        said.changed.length > 0 && changes(said.changed),
      ),
    );
}

function told(said) {
  const shown = said.suggestions_visible ? "saw suggestions" : null;
  const took = said.seconds === null ? null : `${Math.round(said.seconds)} s`;
  return [WHY[said.why] ?? said.why, shown, took, day(said.time)].filter(Boolean).join(" · ");
}

function changes(lines) {
  const items = lines.map((line) => h("li", {}, `${CHANGED[line[0]] ?? ""}${line.slice(2)}`));
  const head = h("summary", {}, h("span", { class: "badge warn" }, "Earlier codebook"));
  return h("details", { class: "changed" }, head, h("ul", {}, items));
}

/** Who settled it before, in words; "" where nobody did. */
export function history(heard, dispute, who) {
  const lines = dispute.history.map(({ coder, value, reason, time }) => {
    const why = reasons[reason]?.toLowerCase() ?? "no reason";
    return `${who(coder)}: ${value === null ? "took it back" : `${yesNo(value).toLowerCase()}, ${why}`} (${day(time)})`;
  });
  if (dispute.settled === null) return lines.length ? `Settled before: ${lines.join("; ")}.` : "";
  const outcome = `Settled as ${yesNo(dispute.settled).toLowerCase()}`;
  if (lines.length) return `${outcome}. ${lines.join("; ")}.`;
  const below = heard.disputes.filter((other) => other.settled && isBelow(other.code, dispute.code));
  return `${outcome} by ${below.map((other) => nameOf(other.code)).join(", ")}, which is a part of it.`;
}

function isBelow(id, above) {
  const parent = codeOf(id)?.parent;
  return Boolean(parent) && (parent === above || isBelow(parent, above));
}
