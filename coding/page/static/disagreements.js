// Settling disagreements: which are listed, which is in focus, and what is about to be said of it.

import { api, at, h, holding, key, measure, newAct, problem, say } from "./common.js";
import { codebook, codeOf, codes, counted, nameOf, namer, reasons, yesNo } from "./hearing.js";
import { drawDefinition, drawPassage, history, item, sayings, tinted } from "./hearing.js";

const HIDDEN = "themis-names-hidden";
const NOTHING = { value: null, reason: null, note: "", flag: false };
const form = at("outcome");
const drafts = new Map(); // what was begun and not settled yet, by passage and code
let only = fromAddress();
let found = { cases: [], total: 0, open: 0, settled: 0 };
let place = { number: 0, code: null }; // the case in focus, and the code in it
let heard = null; // what was said of the passage in focus
let shownAt = 0;
let asked = 0; // of several answers only the last asked for is shown
let ahead = null; // what was said of the next passage, asked for while this one is read

/** While something is on its way no key decides: it cannot be meant for what is not shown yet. */
const busy = () => at("ruling").getAttribute("aria-busy") === "true";
const setBusy = (is) => at("ruling").setAttribute("aria-busy", String(is));

const dispute = () => heard?.disputes.find((one) => one.code === place.code) ?? null;
const draftOf = (code) => drafts.get(`${heard.place.passage} ${code}`) ?? NOTHING;

// What is asked for stands in the address, so that a number elsewhere leads here.

function fromAddress() {
  const said = new URLSearchParams(location.search);
  const state = ["settled", "all"].includes(said.get("state")) ? said.get("state") : "open";
  const passage = Number(said.get("passage")) || null;
  const [code, draw] = ["code", "draw"].map((name) => said.get(name) ?? "");
  return { state, code, draw, coders: said.getAll("coder").slice(0, 2), passage };
}

function query() {
  const said = new URLSearchParams({ state: only.state });
  if (only.code) said.set("code", only.code);
  if (only.draw) said.set("draw", only.draw);
  for (const coder of only.coders) said.append("coder", coder);
  return said.toString();
}

function ask(change) {
  only = { ...only, passage: null, ...change };
  window.history.replaceState(null, "", `/disagreements?${query()}`);
  return list();
}

// The list.

async function list(passage = only.passage, code = only.code) {
  const mine = ++asked;
  ahead = null;
  setBusy(true);
  const answer = await api(`/api/disagreements?${query()}`).catch(() => null);
  if (mine !== asked) return;
  setBusy(false);
  if (!answer) return;
  found = answer;
  drawFilters();
  only.passage = null;
  const number = passage ? found.cases.findIndex((one) => one.passage === passage) : 0;
  if (number >= 0) return open(number, code);
  await hearing({ number, code }, passage, code, false);
  if (!heard && found.cases.length) await open(0, code);
}

function drawFilters() {
  const counts = { open: found.open, settled: found.settled, all: found.open + found.settled };
  for (const button of document.querySelectorAll("[data-state]")) {
    button.setAttribute("aria-pressed", String(button.dataset.state === only.state));
    button.querySelector(".count").textContent = counted(counts[button.dataset.state]);
  }
  at("code").value = only.code;
  at("draw").value = only.draw;
  const both = ({ dataset: { one, other } }) => one && only.coders.includes(one) && only.coders.includes(other);
  at("coders").value = [...at("coders").options].find(both)?.value ?? "";
}

function drawList() {
  const isShown = (one, number) => number === place.number && heard?.place.passage === one.passage;
  const opening = (number) => () => open(number, null, true);
  at("cases").replaceChildren(...found.cases.map((one, number) => item(one, isShown(one, number), opening(number))));
  at("cases").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  const more = found.total - found.cases.length;
  at("more").textContent = `${counted(more)} more come when these are done.`;
  at("more").hidden = more <= 0;
  at("desk").hidden = !heard;
  measure(at("desk"));
  at("nothing").hidden = Boolean(found.cases.length);
  if (!found.cases.length) at("nothing").textContent = emptiness();
}

function emptiness() {
  if (only.state === "open" && found.settled) return "Everything here is settled.";
  if (only.state === "settled" && found.open) return "Nothing here is settled yet.";
  const later = "A passage that somebody is still to read blind comes when all its coders have read it.";
  return `The coders do not differ here. ${later}`;
}

// The passage in focus.

async function open(number, code = null, focus = false) {
  const there = { number: Math.min(Math.max(number, 0), found.cases.length - 1), code };
  const one = found.cases[there.number];
  if (one) return hearing(there, one.passage, code || one.codes[0].code, focus);
  heard = null;
  drawList();
  if (focus) at("nothing").focus();
}

async function hearing(there, passage, code, focus) {
  const mine = ++asked;
  setBusy(true);
  const answer = await (ahead?.passage === passage ? ahead.answer : hear(passage));
  if (mine !== asked) return;
  setBusy(false);
  place = there;
  heard = answer;
  ahead = null;
  shownAt = performance.now();
  at("just").textContent = "";
  const known = heard?.disputes.map((one) => one.code) ?? [];
  if (heard) turnTo(known.includes(code) ? code : (known[0] ?? null));
  drawList();
  if (focus && heard) at("place").focus();
  const next = found.cases[place.number + 1]?.passage;
  if (next) ahead = { passage: next, answer: hear(next, true) };
}

/** What was said of a passage; null where it cannot be had, which is said unless `quiet`. */
const hear = (passage, quiet = false) =>
  api(`/api/disagreements/passage?passage=${passage}`, undefined, { quiet }).catch(() => null);

function turnTo(code) {
  place.code = code;
  refuse("");
  draw();
}

function draw() {
  const one = dispute();
  const who = namer(heard, namesAreHidden());
  drawPassage(heard, place.code, who);
  drawDefinition(codeOf(place.code));
  at("focused").replaceChildren(one ? tinted("span", one.code) : "The coders do not differ here.");
  at("sayings").replaceChildren(...(one ? sayings(heard, one, who) : []));
  at("settled").textContent = one ? history(heard, one, who) : "";
  at("settled").hidden = !at("settled").textContent;
  form.hidden = !one;
  drawDraft();
}

function drawDraft() {
  const draft = dispute() ? draftOf(place.code) : NOTHING;
  for (const radio of form.elements.value) radio.checked = draft.value === (radio.value === "yes");
  for (const radio of form.elements.reason) radio.checked = draft.reason === radio.value;
  if (at("note").value !== draft.note) at("note").value = draft.note;
  at("flag").checked = draft.flag;
  at("codes").hidden = heard.disputes.length < 2;
  at("codes").replaceChildren(...heard.disputes.map(tab));
}

function tab(one) {
  const { value } = draftOf(one.code);
  const settled = one.settled === null ? "open" : `settled: ${yesNo(one.settled).toLowerCase()}`;
  const state = value === null ? settled : `${yesNo(value)}, not settled yet`;
  const pressed = { "aria-pressed": String(one.code === place.code), on: { click: () => turnTo(one.code) } };
  const name = tinted("span", one.code);
  return h("button", { type: "button", ...pressed }, name, h("span", { class: "hint" }, state));
}

// What is about to be said.

function choose(change) {
  if (!heard) return;
  if (!dispute() || busy()) return drawDraft();
  drafts.set(`${heard.place.passage} ${place.code}`, { ...draftOf(place.code), ...change });
  holding("draft", "an outcome is not settled");
  refuse("");
  drawDraft();
  form.scrollIntoView({ block: "nearest" });
}

function refuse(sentence) {
  at("refused").textContent = sentence;
  at("refused").hidden = !sentence;
  if (sentence) at("refused").scrollIntoView({ block: "nearest" });
}

/** The outcomes of this passage that are said in full; null after saying what is missing from one. */
function outcomes() {
  const said = heard.disputes.map((one) => ({ code: one.code, ...draftOf(one.code) }));
  const begun = said.filter((one) => one.value !== null || one.reason !== null || one.note.trim() || one.flag);
  const partial = begun.find((one) => one.value === null || one.reason === null);
  if (begun.length && !partial) return begun;
  if (partial && partial.code !== place.code) turnTo(partial.code);
  if (partial && partial.value !== null) refuse("Say why the coders differ: one of the five reasons.");
  else refuse("Say what holds first: yes or no.");
  return null;
}

async function settle() {
  if (!dispute() || busy()) return;
  const said = outcomes();
  if (!said) return;
  setBusy(true);
  const { passage } = heard.place;
  const seconds = (performance.now() - shownAt) / 1000;
  const body = { act: newAct(), passage, codebook, seconds, outcomes: said };
  let answer;
  try {
    answer = await api("/api/disagreements/settle", body, { quiet: true });
  } catch (error) {
    problem(null); // it stands beside what is to be put right
    return refuse(error.message);
  } finally {
    setBusy(false);
  }
  for (const one of said) drafts.delete(`${passage} ${one.code}`);
  if (!drafts.size) holding("draft", null);
  await afterwards(passage, answer.disputes);
  const why = ({ value, reason }) => `${yesNo(value)}, ${reasons[reason]}`.toLowerCase();
  const lines = said.map((one) => `${nameOf(one.code)}: ${why(one)}`);
  at("just").textContent = `Settled just now – ${lines.join("; ")}.`;
  say(`Settled. ${found.open ? `${counted(found.open)} to settle.` : "Nothing is left to settle."}`);
}

/** On to the next: another code of this passage, or the passage that follows it in the list. */
async function afterwards(passage, disputes) {
  const number = found.cases.findIndex((one) => one.passage === passage);
  if (number < 0) return list();
  const one = found.cases[number];
  const settled = new Map(disputes.map((said) => [said.code, said.settled]));
  const before = one.codes.filter((said) => said.settled === null).length;
  one.codes = one.codes.map(({ code }) => ({ code, settled: settled.get(code) ?? null }));
  const left = one.codes.filter((said) => said.settled === null);
  found.open -= before - left.length;
  found.settled += before - left.length;
  if (only.state === "open") one.codes = left;
  if (!one.codes.length) {
    found.cases.splice(number, 1);
    found.total--;
  }
  drawFilters();
  if (left.length) await open(number, left[0].code, true);
  else if (only.state !== "open") await open(number + 1, null, true);
  else if (found.cases.length || !found.total) await open(number, null, true);
  else await list();
}

async function undo() {
  if (busy()) return;
  setBusy(true);
  const answer = await api("/api/disagreements/undo", { act: newAct() }).catch(() => null);
  setBusy(false);
  if (!answer) return;
  const { undone } = answer;
  if (undone) {
    for (const { code, ...outcome } of undone.outcomes) drafts.set(`${undone.passage} ${code}`, outcome);
    holding("draft", "an outcome is not settled");
    await list(undone.passage, undone.outcomes[0].code);
    at("place").focus();
  }
  const told = undone ? "Taken back: it is as you had it, and not settled." : "There is nothing of yours to take back.";
  at("just").textContent = told;
  say(told);
}

// Moving.

function step(by) {
  if (busy()) return;
  const here = found.cases[place.number]?.codes.map((one) => one.code) ?? [];
  const next = here.includes(place.code) ? here[here.indexOf(place.code) + by] : null;
  const there = found.cases[place.number + by];
  if (next) {
    turnTo(next);
    say(nameOf(next));
  } else if (there) open(place.number + by, there.codes.at(by > 0 ? 0 : -1).code, true);
  else say(by > 0 ? "This is the last one." : "This is the first one.");
}

function skip() {
  if (busy()) return;
  if (!found.cases[place.number] || found.cases.length < 2) return say("There is no other passage.");
  found.cases.push(...found.cases.splice(place.number, 1));
  open(place.number >= found.cases.length - 1 ? 0 : place.number, null, true);
}

const namesAreHidden = () => localStorage.getItem(HIDDEN) === "yes";
const drawNames = () => at("names").setAttribute("aria-pressed", String(namesAreHidden()));

function hideNames() {
  localStorage.setItem(HIDDEN, namesAreHidden() ? "no" : "yes");
  drawNames();
  if (heard) draw();
  say(namesAreHidden() ? "Names are hidden." : "Names are shown.");
}

// Keys and fields.

const here = { when: () => Boolean(dispute()) && !busy() };
const away = { when: () => document.activeElement?.type !== "radio", repeat: true };
for (const radio of form.elements.value) {
  const value = radio.value === "yes";
  const label = value ? "Yes, it holds" : "No, it does not hold";
  key(radio.value[0], label, () => choose({ value }), { ...here, button: radio.parentElement });
  radio.addEventListener("change", () => choose({ value }));
}
[...form.elements.reason].forEach((radio, number) => {
  const reason = radio.value;
  key(String(number + 1), reasons[reason], () => choose({ reason }), { ...here, button: radio.parentElement });
  radio.addEventListener("change", () => choose({ reason }));
});
const lookHere = () => choose({ flag: !draftOf(place.code).flag });
const unfold = () => (at("rules").open = !at("rules").open);
key("m", "Write a note", () => at("note").focus(), { ...here, button: at("note-label") });
key("b", "The codebook needs a look here", lookHere, { ...here, button: at("flag-label") });
key("d", "What the code takes in, and what not", unfold, { ...here, button: at("rules").querySelector("summary") });
key("Enter", "Settle, and on to the next", settle, { button: at("settle") });
key("s", "Skip this passage for now", skip, { button: at("skip") });
key("u", "Undo the last settlement", undo, { button: at("undo") });
key("h", "Hide or show the coders' names", hideNames, { button: at("names") });
key(["j", "ArrowDown"], "Next", () => step(1), away);
key(["k", "ArrowUp"], "The one before", () => step(-1), away);
const buttons = { settle, skip, undo, names: hideNames };
for (const [id, action] of Object.entries(buttons)) at(id).addEventListener("click", action);

at("note").addEventListener("input", () => choose({ note: at("note").value }));
at("note").addEventListener("keydown", (event) => {
  if (event.key === "Escape") at("place").focus();
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  settle();
});
at("flag").addEventListener("change", () => choose({ flag: at("flag").checked }));
for (const one of [form, at("only")]) one.addEventListener("submit", (event) => event.preventDefault());
for (const button of document.querySelectorAll("[data-state]"))
  button.addEventListener("click", () => ask({ state: button.dataset.state }));
at("code").append(...codes.map((code) => h("option", { value: code.id }, "– ".repeat(code.depth), code.name)));
at("code").addEventListener("change", () => ask({ code: at("code").value }));
at("draw").addEventListener("change", () => ask({ draw: at("draw").value }));
at("coders").addEventListener("change", () => {
  const { one, other } = at("coders").selectedOptions[0].dataset;
  ask({ coders: one ? [one, other] : [] });
});

addEventListener("resize", () => measure(at("desk")));
drawNames();
list();
