// The passage in its context, the words of it that are marked, and choosing them. Offsets count code points.

import { at, dialog, h, tint } from "./common.js";

const points = (text) => Array.from(text);

/** The passage in focus. */
export class Passage {
  constructor() {
    this.card = null;
    this.text = null;
  }

  /** Show a card's passage between what was said before and after it. */
  show(card) {
    this.card = card;
    this.letters = points(card.text);
    this.text = h("p", { class: "passage", id: "text" }, card.text);
    const place = `/documents/${card.document_key}#p${card.passage}`;
    at("source").replaceChildren(card.mode === "review" ? h("a", { href: place }, card.document) : card.document);
    at("attributes").textContent = Object.entries(card.attributes)
      .map(([name, value]) => `${name}: ${value}`)
      .join(" · ");
    const own = h("div", { class: "own" }, speaker(card), this.text);
    at("said").replaceChildren(...before(card), own);
    at("later").replaceChildren(...near("after", card.after));
    for (const one of at("said").querySelectorAll(".before")) one.scrollTop = one.scrollHeight;
  }

  /** Show which words are marked: [{span: [start, end], name, colour, kind: "quoted" or "carried"}]. */
  mark(marks) {
    const edges = new Set([0, this.letters.length]);
    for (const { span } of marks) span.forEach((edge) => edges.add(edge));
    const cuts = [...edges].sort((a, b) => a - b);
    const pieces = cuts.slice(0, -1).map((start, i) => {
      const words = this.words([start, cuts[i + 1]]);
      const here = marks.filter(({ span }) => span[0] <= start && span[1] >= cuts[i + 1]);
      const quoted = here.filter(({ kind }) => kind === "quoted");
      const names = here.map(({ kind, name }) => `${kind === "quoted" ? "Quote" : "Suggested"}: ${name}`).join("; ");
      if (!here.length) return words;
      const classes = [quoted.length ? "quoted" : "", here.length > quoted.length ? "carried" : ""].join(" ").trim();
      return tint(h("mark", { class: classes, title: names }, words), (quoted[0] ?? here[0]).colour);
    });
    this.text.replaceChildren(...pieces);
  }

  words([start, end]) {
    return this.letters.slice(start, end).join("");
  }

  /** The words that are selected, as [start, end] without the space around them; null for none. */
  selected() {
    const chosen = getSelection();
    if (!this.text || !chosen?.rangeCount || chosen.isCollapsed) return null;
    const range = chosen.getRangeAt(0);
    if (!this.text.contains(range.commonAncestorContainer) && !range.intersectsNode(this.text)) return null;
    const all = document.createRange();
    all.selectNodeContents(this.text);
    const { startContainer, startOffset, endContainer, endOffset } = range;
    if (range.compareBoundaryPoints(Range.START_TO_START, all) > 0) all.setStart(startContainer, startOffset);
    if (range.compareBoundaryPoints(Range.END_TO_END, all) < 0) all.setEnd(endContainer, endOffset);
    const before = document.createRange();
    before.selectNodeContents(this.text);
    before.setEnd(all.startContainer, all.startOffset);
    return this.trimmed(points(before.toString()).length, points(all.toString()).length);
  }

  trimmed(start, length) {
    let end = start + length;
    while (start < end && !this.letters[start].trim()) start++;
    while (end > start && !this.letters[end - 1].trim()) end--;
    return start < end ? [start, end] : null;
  }

  /** Ask which sentences a code is narrowed to: [start, end], "all" for the whole passage, null for no change. */
  async ask(name, span) {
    const boxes = this.card.sentences.map(([start, end]) =>
      h("input", { type: "checkbox", checked: Boolean(span) && start < span[1] && end > span[0] }),
    );
    const fill = () => {
      const on = boxes.flatMap((box, i) => (box.checked ? [i] : []));
      boxes.forEach((box, i) => (box.checked = i >= on[0] && i <= on.at(-1)));
    };
    const rows = this.card.sentences.map((one, i) => {
      boxes[i].addEventListener("change", () => boxes[i].checked && fill());
      return h("label", { class: "tick sentence" }, boxes[i], h("span", {}, this.words(one)));
    });
    const said = await dialog({
      title: `Which words are “${name}”?`,
      body: [h("p", { class: "muted" }, "Or select words in the passage, then tick the code."), ...rows],
      actions: [
        { label: "Keep to these", value: "these", primary: true },
        { label: "The whole passage", value: "all" },
      ],
      check: () => (boxes.some((box) => box.checked) ? "" : "Tick a sentence with Space, or take the whole passage."),
    });
    const on = this.card.sentences.filter((_, i) => boxes[i].checked);
    if (said === "these") return [on[0][0], on.at(-1)[1]];
    return said;
  }
}

function before(card) {
  const asked = card.question.trim();
  const there = card.before.some(({ text }) => text === asked || asked.endsWith(text.replace(/^… /, "")));
  const question = h("p", { class: "asked" }, h("span", { class: "speaker" }, "The question"), asked);
  return [...near("before", card.before), ...(asked && !there ? [question] : [])];
}

function near(where, turns) {
  const scrolls = { class: where, tabindex: "0", role: "group", "aria-label": `Said ${where}` };
  return turns.length ? [h("div", scrolls, turns.map(turn))] : [];
}

function turn(said) {
  const question = said.question && h("p", { class: "answers" }, said.question);
  return h("div", { class: "turn" }, question, speaker(said), h("p", { class: "context" }, said.text));
}

function speaker({ speaker: name, role }) {
  if (!name && !role) return null;
  const told = role && role !== "interviewee" && role !== name?.toLowerCase();
  return h("p", { class: "speaker" }, name ?? "", told ? h("span", { class: "role" }, role) : null);
}
