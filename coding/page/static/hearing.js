// Draws one passage with what its coders said of it. Knows nothing of what is being decided.

import { at, h } from "./common.js";

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
const CHANGED = { "+": "added", "-": "taken out", "~": "" };

export const yesNo = (value) => (value ? "Yes" : "No");

/** The day of a time as the ledger has it; the time itself where it is none. */
export function day(time) {
  const read = new Date(time);
  return Number.isNaN(read.getTime()) ? time : DAY.format(read);
}

/** Part of a text by code points, as offsets are counted everywhere. */
export const cut = (text, start, end) => Array.from(text).slice(start, end).join("");

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

/** The passage in its context, with the words that coders quoted for this code, and what was noted on it. */
export function drawPassage(heard, code, who, nameOf) {
  const { place } = heard;
  at("place").textContent = [place.name, place.speaker].filter(Boolean).join(" – ");
  at("attributes").textContent = Object.entries(place.attributes).map(([name, value]) => `${name}: ${value}`).join(" · ");
  const asked = place.question && !place.before.some((said) => said.text === place.question);
  at("before").replaceChildren(
    ...(asked ? [turn({ speaker: "Question", text: place.question })] : []),
    ...place.before.map(turn),
  );
  at("after").replaceChildren(...place.after.map(turn));
  const quotes = (heard.disputes.find((one) => one.code === code)?.said ?? []).map((said) => said.quote).filter(Boolean);
  at("passage").replaceChildren(...marked(place.text, quotes));
  const noted = [
    ...heard.flags.map((flag) => remark("Flag", flag, who, nameOf)),
    ...heard.memos.map((memo) => remark("Memo", memo, who, nameOf)),
  ];
  const both = heard.both.length
    ? h("p", { class: "muted" }, `All say yes to ${heard.both.map(nameOf).join(", ")}.`)
    : null;
  at("remarks").replaceChildren(...[both, ...noted].filter(Boolean));
}

function turn(said) {
  return h("p", { class: "context" }, said.speaker && h("span", { class: "speaker" }, `${said.speaker}  `), said.text);
}

function remark(kind, note, who, nameOf) {
  const about = note.code ? ` on ${nameOf(note.code)}` : "";
  const words = note.text || "without a note";
  return h("p", { class: "remark" }, h("strong", {}, `${kind} by ${who(note.author)}${about}: `), words);
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

/** What each coder says of a code, side by side. */
export function sayings(heard, dispute, who, nameOf) {
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
  const items = lines.map((line) => {
    const how = CHANGED[line[0]] ?? "";
    return h("li", {}, how ? `${how}: ${line.slice(2)}` : line.slice(2));
  });
  return h(
    "details",
    { class: "changed" },
    h("summary", {}, h("span", { class: "badge warn" }, "Earlier codebook")),
    h("ul", {}, items),
  );
}

/** Who settled it before, in words; "" where nobody did. */
export function history(dispute, who, reasons, nameOf, below) {
  const lines = dispute.history.map((verdict) => {
    const what = verdict.value === null ? "took it back" : `${yesNo(verdict.value).toLowerCase()}, ${reasons[verdict.reason]?.toLowerCase() ?? "no reason"}`;
    return `${who(verdict.coder)}: ${what} (${day(verdict.time)})`;
  });
  if (dispute.settled === null) return lines.length ? `Settled before: ${lines.join("; ")}.` : "";
  const outcome = `Settled as ${yesNo(dispute.settled).toLowerCase()}`;
  return lines.length ? `${outcome}. ${lines.join("; ")}.` : `${outcome} by ${below.map(nameOf).join(", ")}, which is a part of it.`;
}
