// What the coding page says of itself: why a passage is shown, how far the coder is, and what to do at the end.

import { at, h } from "./common.js";

export const count = (number) => number.toLocaleString("en");

/** Why this passage: nodes. */
export function why(card, { read, total }, name) {
  const drawn = `drawn at random, ${count(Math.min(read + 1, total))} of ${count(total)}`;
  const said = {
    audit: ["Audit", drawn],
    double: ["Double coding", drawn],
    reread: ["Read again", `blind, ${count(Math.min(read + 1, total))} of ${count(total)}`],
    certain: ["Looks like", name],
    uncertain: ["Uncertain", name && `about ${name}`],
    diverse: ["Different", "from what was read"],
    manual: ["Opened by you"],
  };
  const before = ["Read before", card.draw ? `in draw ${card.draw}` : ""];
  const [kind, more] = card.read ? before : (said[card.why] ?? [card.why]);
  return [h("span", { class: "badge" }, kind), more ? ` ${more}` : ""];
}

/** How far the coder is in this mode. */
export function showProgress({ read, total }) {
  at("progress").textContent = `${count(read)} of ${count(total)} read`;
  at("bar").hidden = !total;
  at("bar").max = total || 1;
  at("bar").value = read;
}

const ENDS = {
  review: ["Every passage has been read.", "You can still change your last decisions below."],
  audit: [
    "This audit is read to the end.",
    "Progress says what it tells of the passages that nobody read. You can still change your last decisions below.",
  ],
  double: [
    "You have read all of this double coding.",
    "When the others are done too, agreement is measured. Go on in the review queue, or change your last ones below.",
  ],
  reread: [
    "You have read all of these again.",
    "What you said now holds. Whoever leads sees how much of it changed. You can still change your last decisions below.",
  ],
};
const EMPTY = ["The study has no passages yet.", "Whoever leads it adds documents in the shell: themis add FILES."];

/** What to do when nothing is left to read. */
export function showEnd(mode, { read, total }) {
  const [title, next] = total ? ENDS[mode] : EMPTY;
  const [href, name] = mode === "review" ? ["/", "To the start"] : ["/review", "To the review queue"];
  at("done").replaceChildren(
    h("h2", {}, title),
    h("p", { class: "muted" }, `${count(read)} of ${count(total)} read.`),
    h("p", {}, next),
    h("p", {}, h("a", { class: "button", href }, name)),
  );
  at("done").focus();
}

/** What the machine learned since the last time, in the queue only; said once. */
export function showLearned(learned) {
  const place = document.getElementById("learned");
  if (!place || !learned?.changes.length || sessionStorage.getItem("themis-queue") === String(learned.queue)) return;
  sessionStorage.setItem("themis-queue", String(learned.queue));
  const click = () => (place.hidden = true);
  const close = h("button", { type: "button", class: "quiet small", on: { click } }, "Close");
  place.replaceChildren(
    h("div", { class: "row" }, h("h2", {}, "Learned from what was decided"), close),
    h("ul", {}, learned.changes.map((change) => h("li", {}, change))),
  );
  place.hidden = false;
}
