// Coding: one passage in focus, the codes beside it, saved before the next one shows.

import { api, at, given, h, key, newAct, problem, say } from "./common.js";
import { CodeList, Meaning, Ticks } from "./codes.js";
import { Passage } from "./passage.js";
import { askText, inOrder, showNotes, showReasons, showRecent } from "./side.js";

const GRACE = 250; // milliseconds after a passage shows in which Enter is taken to belong to the one before
const page = given();
const place = { mode: page.mode, draw: page.draw };
const query = new URLSearchParams(page.draw ? { mode: page.mode, draw: page.draw } : { mode: page.mode });

let ticks = new Ticks(page.codes);
let card = null;
let busy = true;
let last = null; // the code that was ticked last
const passage = new Passage();
const meaning = new Meaning();
const list = new CodeList({
  toggle,
  unquote: (id) => (ticks.quotes.delete(id), changed()),
  look: (id) => meaning.show(ticks.byId.get(id ?? last) ?? null),
});

/** The seconds for which a passage was in sight. */
const watch = {
  start() {
    this.spent = 0;
    this.since = document.hidden ? null : performance.now();
  },
  pause() {
    if (this.since !== null) this.spent += performance.now() - this.since;
    this.since = null;
  },
  resume() {
    this.since ??= performance.now();
  },
  seconds() {
    return (this.spent + (this.since === null ? 0 : performance.now() - this.since)) / 1000;
  },
};
watch.start();
document.addEventListener("visibilitychange", () => (document.hidden ? watch.pause() : watch.resume()));

/** Ticks that are not saved yet live through a reload: by passage, in this tab only. */
const draft = {
  name: () => `themis-ticks ${[page.coder, page.mode, page.draw, card.passage, page.codebook].join(" ")}`,
  read() {
    return JSON.parse(sessionStorage.getItem(this.name()) ?? "null");
  },
  write() {
    const kept = { yes: ticks.listed(), quotes: Object.fromEntries(ticks.quotes) };
    if (JSON.stringify(kept) === card.start) sessionStorage.removeItem(this.name());
    else sessionStorage.setItem(this.name(), JSON.stringify(kept));
  },
  drop() {
    sessionStorage.removeItem(this.name());
  },
};

// What is decided.

function toggle(id) {
  if (busy || !card) return list.ticked(ticks, quotedWords());
  const selected = passage.selected();
  if (ticks.yes.has(id) && !selected) ticks.untick(id);
  else {
    const refused = ticks.tick(id);
    if (refused) {
      status(refused, "bad");
      say(refused);
      return changed();
    }
    if (selected) narrow(id, selected);
  }
  last = id;
  list.current = id;
  meaning.show(ticks.byId.get(id));
  changed();
  say(`${ticks.name(id)} ${ticks.yes.has(id) ? "ticked" : "not ticked"}. ${label()}`);
}

function narrow(id, span) {
  ticks.quotes.set(id, span);
  getSelection().removeAllRanges();
}

async function quote() {
  const id = [list.current, last].find((one) => one && ticks.yes.has(one)) ?? ticks.listed().at(-1);
  if (!id) return status("Tick a code first, then narrow it to words.", "bad");
  const selected = passage.selected();
  const span = selected ?? (await passage.ask(ticks.name(id), ticks.quotes.get(id)));
  if (span === "all") ticks.quotes.delete(id);
  else if (span) narrow(id, span);
  changed();
}

function changed() {
  draft.write();
  status("");
  paint();
}

function paint() {
  list.ticked(ticks, quotedWords());
  at("save-label").textContent = label();
  const marks = [...ticks.quotes].map(([id, span]) => ({ ...look(id), span, kind: "quoted" }));
  if (page.mode === "review" && !at("behind").hidden)
    for (const hint of inOrder(card, ticks)) if (hint.sentence) marks.push({ ...look(hint.code), span: hint.sentence, kind: "carried" });
  passage.mark(marks);
}

const look = (id) => ({ name: ticks.name(id), colour: ticks.byId.get(id)?.colour ?? "" });
const quotedWords = () => Object.fromEntries([...ticks.quotes].map(([id, span]) => [id, passage.words(span)]));
const label = () => `Save: ${ticks.listed().map((id) => ticks.name(id)).join(", ") || "no code"}`;

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
  if (busy || !card || performance.now() - card.shown < GRACE) return;
  const said = { ...place, act: card.act, passage: card.passage, yes: ticks.listed(), quotes: Object.fromEntries(ticks.quotes) };
  const how = { why: card.why, codebook: card.codebook, seconds: Math.round(watch.seconds() * 10) / 10 };
  const what = label().replace("Save: ", "");
  status("Saving …");
  const answer = await send("/api/code/save", { ...said, ...how });
  if (!answer) {
    card.act = newAct(); // it was refused, so what is sent next is another reading
    return status("Not saved.", "bad");
  }
  draft.drop();
  if (answer.trouble) return lost(answer.trouble);
  await show(answer);
  status(`Saved: ${what}`, "good");
  say(`Saved: ${what}.`);
}

function lost(trouble) {
  status("Saved.", "good");
  problem(`Saved; but the next passage did not come: ${trouble}. Reload the page.`);
}

async function skip() {
  const answer = card && (await send("/api/code/skip", { ...place, passage: card.passage }));
  if (!answer) return;
  const same = answer.card?.passage === card.passage;
  await show(answer);
  status(same ? "This is the only one left." : "Skipped: it comes again at the end.");
}

async function undo() {
  const answer = await send("/api/code/undo", { ...place, act: newAct() });
  if (!answer) return;
  const { was } = answer.undone;
  const yes = Object.keys(was).filter((id) => was[id].value);
  await show(answer, { yes, quotes: quotesOf(was) });
  draft.write();
  notice("Taken back. What you had said is still ticked: change it and save it again.");
  status("Undone.");
  say("Undone. You are back at that passage.");
}

async function redo() {
  const answer = await send("/api/code/redo", { ...place, act: newAct() });
  if (!answer) return;
  await show(answer);
  status("Brought back.", "good");
  say("Brought back.");
}

async function openEarlier(one) {
  const answer = await send(`/api/code/card?${query}&passage=${one.passage}`);
  if (answer) await show(answer);
}

async function goOn() {
  const answer = await send(`/api/code/next?${query}`);
  if (answer) await show(answer);
}

async function memo(old = null) {
  if (!card) return;
  const asked = await askText({
    title: old ? "Change your memo" : "Memo on this passage",
    hint: old ? "An empty memo is taken away." : "What you noticed; it stands beside the passage under your name.",
    text: old?.text ?? "",
    actions: [{ label: "Save the memo", value: "save", primary: true }],
  });
  if (!asked || (!old && !asked.text.trim())) return;
  const answer = await send("/api/code/memo", { ...place, act: newAct(), passage: card.passage, text: asked.text, replaces: old?.act ?? null });
  remarked(answer, "Memo saved.");
}

async function flag() {
  if (!card) return;
  const own = card.flags.find((one) => one.author === page.coder);
  const asked = await askText({
    title: own ? "Your flag" : "Flag this passage",
    hint: "What is doubtful here? (may stay empty)",
    text: own?.text ?? "",
    actions: [{ label: own ? "Save the note" : "Raise the flag", value: "up", primary: true }, own && { label: "Take it down", value: "down" }].filter(Boolean),
  });
  if (!asked) return;
  const raised = asked.value === "up";
  const answer = await send("/api/code/flag", { ...place, act: newAct(), passage: card.passage, note: asked.text, raised });
  remarked(answer, raised ? "Flagged." : "The flag is down.");
}

function remarked(answer, what) {
  if (!answer) return;
  Object.assign(card, { memos: answer.card.memos, flags: answer.card.flags });
  notes();
  status(what, "good");
  say(what);
}

// What is shown.

async function show(answer, said = null) {
  if (answer.card && answer.card.codebook !== page.codebook) await renew();
  card = answer.card && { ...answer.card, act: newAct(), shown: performance.now() };
  problem(null);
  progress(answer.progress);
  at("desk").hidden = false;
  at("done").hidden = Boolean(card);
  for (const one of document.querySelectorAll(".reading, .codes")) one.hidden = !card;
  if (card) begin(said);
  else end(answer.progress);
  showRecent(answer.recent, ticks, card?.passage, openEarlier);
}

function begin(said) {
  const mine = { yes: Object.keys(card.mine).filter((id) => card.mine[id].value), quotes: quotesOf(card.mine) };
  ticks.set(mine.yes, mine.quotes);
  card.start = JSON.stringify({ yes: ticks.listed(), quotes: Object.fromEntries(ticks.quotes) });
  const kept = said ?? draft.read();
  if (kept) ticks.set(kept.yes, kept.quotes);
  last = null;
  at("why").replaceChildren(...why());
  passage.show(card);
  list.reset();
  list.suggested(new Set((card.hints ?? []).map((hint) => hint.code)));
  meaning.show(null);
  behind(false);
  notes();
  notice(card.read ? "You read this before: your codes are ticked. Change them and save, or go on." : kept && !said ? "Your ticks of before are back. They are not saved yet." : "", card.read);
  paint();
  watch.start();
  at("card").setAttribute("aria-busy", "false");
  at("card").focus({ preventScroll: true });
  const top = at("card").getBoundingClientRect().top;
  if (top < 0 || top > innerHeight * 0.6) at("desk").scrollIntoView({ block: "start" });
}

const quotesOf = (said) => Object.fromEntries(Object.entries(said).map(([id, one]) => [id, one.quote]));

async function renew() {
  Object.assign(page, await api("/api/code/codebook"));
  ticks = new Ticks(page.codes);
  list.show(page.codes);
  say("The codebook has changed.");
}

function why() {
  const name = card.wanted && ticks.name(card.wanted);
  const drawn = `drawn at random, ${Math.min(page.read + 1, page.total).toLocaleString("en")} of ${page.total.toLocaleString("en")}`;
  const said = {
    audit: ["Audit", drawn],
    double: ["Double coding", drawn],
    certain: ["Likely", name],
    uncertain: ["Uncertain", name && `about ${name}`],
    diverse: ["Different", "from what was read"],
    manual: ["Opened by you", ""],
  }[card.why] ?? [card.why, ""];
  return [h("span", { class: "badge" }, said[0]), ` ${said[1] ?? ""}`];
}

function progress({ read, total }) {
  Object.assign(page, { read, total });
  at("progress").textContent = `${read.toLocaleString("en")} of ${total.toLocaleString("en")} read`;
  at("bar").hidden = !total;
  at("bar").max = total || 1;
  at("bar").value = read;
}

function notice(text, back = false) {
  at("notice").hidden = !text;
  at("notice").replaceChildren(text, ...(back ? [" ", h("button", { type: "button", class: "small", on: { click: goOn } }, "Go on to the next")] : []));
}

function notes() {
  showNotes(card, page.coder, memo);
  const own = card.flags.some((one) => one.author === page.coder);
  at("flag").setAttribute("aria-pressed", String(own));
}

function behind(open) {
  const section = document.getElementById("behind");
  const button = document.getElementById("reasons");
  if (!button) return;
  section.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
  if (open) showReasons(card, ticks, passage);
}

function status(text, kind = "") {
  at("status").textContent = text;
  at("status").className = `status ${kind}`.trim();
}

function end({ read, total }) {
  const words = {
    review: total ? "Every passage has been read." : "The study has no passages yet.",
    audit: "This audit is read to the end.",
    double: "You have read everything of this double coding.",
  }[page.mode];
  const next = {
    review: total ? "You can still change your last decisions below, or look where coders disagree." : "Whoever leads the study adds documents: themis add FILES.",
    audit: "The counts can rest on it now. Go on in the review queue, or change your last decisions below.",
    double: "When the others are done too, agreement can be measured. Go on in the review queue, or change your last decisions below.",
  }[page.mode];
  at("done").replaceChildren(
    h("h2", {}, words),
    h("p", { class: "muted" }, `${read.toLocaleString("en")} of ${total.toLocaleString("en")} read.`),
    h("p", {}, next),
    h("p", { class: "row" }, h("a", { class: "button", href: page.mode === "review" ? "/" : "/review" }, page.mode === "review" ? "To the start" : "To the review queue")),
  );
  at("done").focus({ preventScroll: true });
}

// The keys.

const there = () => !busy && Boolean(card);
function action(id, name, text, act, when = there) {
  at(id).addEventListener("click", () => when() && act());
  key(name, text, act, { button: at(id), when });
}

list.show(page.codes);
action("save", "Enter", "Save and go on to the next passage", save);
action("undo", "u", "Undo: take the last decision back", undo, () => !busy);
action("redo", "U", "Redo: bring it back", redo, () => !busy);
action("skip", "s", "Skip this passage for now", skip);
action("flag", "f", "Flag the passage, with a note", flag);
action("memo", "m", "Memo on the passage", () => memo());
action("quote", "q", "Narrow the code to the selected words, or to sentences", quote);
if (page.mode === "review")
  action("reasons", "w", "Why this is suggested", () => {
    behind(at("behind").hidden);
    paint();
  });
key("l", "Go to the last decisions", () => at("recent").querySelector("button")?.focus());
key("Escape", "Back to the passage", () => at("card").focus());


const measure = () => at("desk").style.setProperty("--above", `${at("desk").getBoundingClientRect().top + scrollY}px`);
addEventListener("resize", measure);
measure();
busy = false;
await goOn();
