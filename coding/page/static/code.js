// Coding: one passage in focus, the codes beside it, saved before the next one shows.

import { api, at, given, h, key, measure, newAct, problem, say } from "./common.js";
import { CodeList } from "./codes.js";
import { offerExamples } from "./example.js";
import { Meaning } from "./meaning.js";
import { Passage } from "./passage.js";
import { askFlag, askMemo, inOrder, showNotes, showReasons, showRecent } from "./side.js";
import { Ticks, quotesOf, yesOf } from "./ticks.js";
import { Draft, Watch } from "./watch.js";
import { showAll } from "./why.js";
import { showEnd, showLearned, showProgress, why } from "./words.js";

const GRACE = 250; // milliseconds after a passage shows in which Enter is taken to belong to the one before
const page = given();
const place = { mode: page.mode, draw: page.draw };
const query = new URLSearchParams(page.draw ? place : { mode: page.mode });
const hinting = page.mode === "review";

let ticks = new Ticks(page.codes);
let card = null;
let busy = true;
let last = null; // the code that was ticked last
const watch = new Watch();
const passage = new Passage();
const meaning = new Meaning(
  () => list.current && list.point(list.current),
  () => ticks.byId.get(last ?? ticks.listed().at(-1)) ?? page.codes[0] ?? null,
);
const list = new CodeList({
  toggle,
  unquote(id) {
    ticks.quotes.delete(id);
    changed();
    list.rows.get(id).box.focus();
  },
  look: (id) => meaning.show(ticks.byId.get(id ?? last) ?? null),
  seek: () => (at("save-label").textContent = label()),
});

// What is decided.

function toggle(id) {
  if (busy || !card) return list.ticked(ticks, quotedWords());
  const selected = passage.selected();
  const refused = ticks.yes.has(id) && !selected ? ticks.untick(id) : ticks.tick(id);
  if (selected && !refused) narrow(id, selected);
  last = id;
  list.point(id);
  changed();
  if (refused) status(refused, "bad");
  say(refused ?? `${ticks.name(id)} ${ticks.yes.has(id) ? "ticked" : "not ticked"}. ${label()}`);
}

function narrow(id, span) {
  ticks.quotes.set(id, span);
  getSelection().removeAllRanges();
}

async function quote() {
  const id = [list.current, last].find((one) => one && ticks.yes.has(one)) ?? ticks.listed().at(-1);
  if (!id) return status("Tick a code first, then narrow it to words.", "bad");
  const span = passage.selected() ?? (await passage.ask(ticks.name(id), ticks.quotes.get(id)));
  if (span === "all") ticks.quotes.delete(id);
  else if (span) narrow(id, span);
  changed();
}

function changed() {
  card.draft.write(ticks.told(), card.start);
  status("");
  paint();
}

function paint() {
  list.ticked(ticks, quotedWords());
  at("save-label").textContent = label();
  const quoted = [...ticks.quotes].map(([id, span]) => ({ ...look(id), span, kind: "quoted" }));
  const hints = hinting && !at("behind").hidden ? inOrder(card, ticks).filter((hint) => hint.sentence) : [];
  const carried = hints.map((hint) => ({ ...look(hint.code), span: hint.sentence, kind: "carried" }));
  passage.mark([...quoted, ...carried]);
}

const look = (id) => ({ name: ticks.name(id), colour: ticks.byId.get(id)?.colour ?? "" });
const quotedWords = () => Object.fromEntries([...ticks.quotes].map(([id, span]) => [id, passage.words(span)]));
const what = () => ticks.listed().map((id) => ticks.name(id)).join(", ") || "no code";
const label = () => seeking() ?? `Save: ${what()}`;

/** What Enter does in the field in which a code is looked for; null where it is not in use. */
function seeking() {
  const id = list.found();
  if (id === undefined) return null;
  return id ? `Enter ${ticks.yes.has(id) ? "unticks" : "ticks"}: ${ticks.name(id)}` : "Enter: back to the passage";
}

// What is asked and sent.

async function send(path, body) {
  if (busy) return null;
  busy = true;
  at("desk").classList.add("busy");
  try {
    return await api(path, body);
  } catch {
    return null; // what is wrong stands above the page
  } finally {
    busy = false;
    at("desk").classList.remove("busy");
  }
}

async function save() {
  if (performance.now() - card.shown < GRACE) return;
  const { act, passage: number, why: shown, codebook, draft } = card;
  const said = { yes: ticks.listed(), quotes: Object.fromEntries(ticks.quotes) };
  const done = `Saved: ${what()}`;
  status("Saving …");
  const seen = Object.fromEntries(Object.entries(card.mine).map(([id, one]) => [id, one.value]));
  const body = { ...place, act, passage: number, ...said, seen, why: shown, codebook, seconds: watch.seconds() };
  const answer = await send("/api/code/save", body);
  if (!answer) {
    card.act = newAct(); // it was refused, so what is sent next is another reading
    return status("Not saved.", "bad");
  }
  draft.drop();
  if (answer.trouble) problem(`Saved, but the next passage did not come: ${answer.trouble}. Reload the page.`);
  else await show(answer);
  status(done, "good");
  say(`${done}.`);
}

async function skip() {
  const answer = await send("/api/code/skip", { ...place, passage: card.passage });
  if (!answer) return;
  const same = answer.card?.passage === card.passage;
  await show(answer);
  tell(same ? "This is the only one left." : "Skipped: it comes again at the end.");
}

async function undo() {
  const answer = await send("/api/code/undo", { ...place, act: newAct() });
  if (!answer?.undone) return answer && tell("There is nothing of yours to undo here.");
  const { passage: number, was } = answer.undone;
  if (answer.card?.passage !== number) {
    await show(answer);
    return tell("Undone. That passage is not shown here any more.");
  }
  await show(answer, { yes: yesOf(was), quotes: quotesOf(was) });
  card.draft.write(ticks.told(), card.start);
  notice("Taken back. What you had said is still ticked: change it, and save it again.");
  tell("Undone. You are back at that passage.");
}

async function redo() {
  const answer = await send("/api/code/redo", { ...place, act: newAct() });
  if (!answer?.redone) return answer && tell("There is nothing to bring back.");
  await show(answer);
  tell("Brought back.", "good");
}

async function ask(path) {
  const answer = await send(path);
  if (!answer) return;
  await show(answer);
  status("");
}

const goOn = () => ask(`/api/code/next?${query}`);
const openEarlier = (one) => ask(`/api/code/card?${query}&passage=${one.passage}`);

async function memo(old = null) {
  const asked = await askMemo(old);
  if (!asked) return;
  const body = { ...place, act: newAct(), passage: card.passage, text: asked.text, replaces: old?.act ?? null };
  remarked(await send("/api/code/memo", body), "Memo saved.");
}

async function flag() {
  const own = card.flags.find((one) => one.author === page.coder);
  const asked = await askFlag(own);
  if (!asked) return;
  const raised = asked.value === "up";
  const body = { ...place, act: newAct(), passage: card.passage, note: asked.text, raised };
  remarked(await send("/api/code/flag", body), raised ? "Flagged." : "The flag is down.");
}

function remarked(answer, said) {
  if (!answer) return;
  Object.assign(card, { memos: answer.card.memos, flags: answer.card.flags });
  notes();
  tell(said, "good");
}

// What is shown.

async function show(answer, said = null) {
  if (answer.card && answer.card.codebook !== page.codebook) await renew();
  if (card) problem(null);
  showProgress(answer.progress);
  showLearned(answer.learned);
  card = answer.card;
  at("done").hidden = Boolean(card);
  for (const one of document.querySelectorAll(".reading, .codes")) one.hidden = !card;
  if (card) begin(answer.progress, said);
  else showEnd(page.mode, answer.progress);
  showRecent(answer.recent, ticks, card?.passage, openEarlier);
}

function begin(progress, said) {
  const draft = new Draft([page.coder, page.mode, page.draw], card.passage, card.codebook);
  ticks.set(yesOf(card.mine), quotesOf(card.mine));
  Object.assign(card, { act: newAct(), shown: performance.now(), start: ticks.told(), draft });
  const kept = said ?? draft.read();
  if (kept) ticks.set(kept.yes, kept.quotes, kept.own);
  last = null;
  at("why").replaceChildren(...why(card, progress, card.wanted && ticks.name(card.wanted)));
  passage.show(card);
  list.reset();
  list.suggested(new Set((card.hints ?? []).map((hint) => hint.code)));
  meaning.show(null);
  behind(false);
  notes();
  if (card.read) notice("You read this before: your codes are ticked. Change them and save, or", "go on to the next");
  else notice(kept ? "Your ticks of before are back. They are not saved yet." : "");
  paint();
  watch.start();
  focus();
}

function focus() {
  at("card").setAttribute("aria-busy", "false");
  at("card").focus({ preventScroll: true });
  const { top } = at("text").getBoundingClientRect();
  if (top < 60 || top > innerHeight - 160) at("card").scrollIntoView({ block: "start" });
}

async function renew() {
  Object.assign(page, await api("/api/code/codebook"));
  ticks = new Ticks(page.codes);
  list.show(page.codes);
  say("The codebook has changed.");
}

/** Another codebook under the passage in focus: what is ticked and not saved stays so. */
async function renewed() {
  const { yes, quotes, own } = JSON.parse(ticks.told());
  await renew();
  ticks.set(yes, quotes, own);
  card.draft.drop();
  card.draft = new Draft([page.coder, page.mode, page.draw], card.passage, page.codebook);
  card.codebook = page.codebook;
  last = ticks.byId.has(last) ? last : null;
  list.reset();
  list.suggested(new Set((card.hints ?? []).map((hint) => hint.code)));
  meaning.show(ticks.byId.get(last) ?? null);
  changed();
}

function notice(text, onwards = null) {
  at("notice").hidden = !text;
  const button = onwards && h("button", { type: "button", class: "small", on: { click: goOn } }, onwards);
  at("notice").replaceChildren(...(button ? [`${text} `, button] : [text]));
}

function notes() {
  showNotes(card, page.coder, memo);
  at("flag").setAttribute("aria-pressed", String(card.flags.some((one) => one.author === page.coder)));
}

function behind(open) {
  if (!hinting) return;
  at("behind").hidden = !open;
  at("reasons").setAttribute("aria-expanded", String(open));
  if (!open) return;
  showReasons(card, ticks, passage);
  if (card.all) inFull();
}

function inFull() {
  const one = card;
  showAll(one, () => card === one && !at("behind").hidden);
}

function status(text, kind = "") {
  at("status").textContent = text;
  at("status").className = `status ${kind}`.trim();
}

function tell(text, kind = "") {
  status(text, kind);
  say(text);
}

// The keys.

const there = () => !busy && Boolean(card);
function action(id, name, text, act, when = there) {
  at(id).addEventListener("click", () => when() && act());
  key(name, text, act, { button: at(id), when });
}

list.show(page.codes);
const enter = () => (list.found() === undefined ? save() : list.leave(list.found())); // as the button has it
action("save", "Enter", "Save and go on to the next passage", enter);
at("save").addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
action("undo", "u", "Undo: take the last decision back", undo, () => !busy);
action("redo", "U", "Redo: bring it back", redo, () => !busy);
action("skip", "s", "Skip this passage for now", skip);
action("flag", "f", "Flag the passage, with a note", flag);
action("memo", "m", "Memo on the passage", () => memo());
action("quote", "q", "Narrow a ticked code to the selected words, or to sentences", quote);
if (hinting) {
  action("reasons", "w", "Why this is suggested", () => {
    behind(at("behind").hidden);
    paint();
  });
  action("all-reasons", "W", "Why in full: passages like it, the codebook, the words", () => {
    behind(true);
    paint();
    inFull();
  });
}
offerExamples({ page, card: () => card, passage, chosen: () => list.current ?? last, there, renewed, tell });
key("l", "Go to the last decisions", () => at("recent").querySelector("button")?.focus());
key("Escape", "Back to the passage", () => at("card").focus());

document.addEventListener("selectionchange", () => {
  const hint = "Tick a code to narrow it to these words.";
  if (card && passage.selected()) status(hint);
  else if (at("status").textContent === hint) status("");
});
addEventListener("resize", () => measure(at("desk")));
measure(at("desk"));
busy = false;
const asked = new URLSearchParams(location.search).get("passage"); // a link of a document or of a search
if (/^[1-9][0-9]{0,15}$/.test(asked)) await openEarlier({ passage: asked });
if (!card) await goOn();
