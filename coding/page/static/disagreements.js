// Settling disagreements: which are listed, which is in focus, and what is about to be said of it.

import { api, at, given, h, holding, key, newAct, say, tint } from "./common.js";
import { drawPassage, history, namer, sayings, yesNo } from "./hearing.js";

const HIDDEN = "themis-names-hidden";
const { codes, codebook, reasons } = given();
const byId = new Map(codes.map((code) => [code.id, code]));
const nameOf = (code) => byId.get(code)?.name ?? code;
const form = at("outcome");
const drafts = new Map(); // what was chosen and not yet settled, by passage and code
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

const current = () => found.cases[place.number] ?? null;
const dispute = () => heard?.disputes.find((one) => one.code === place.code) ?? null;
const draftOf = (code) => drafts.get(`${heard.place.passage} ${code}`) ?? { value: null, reason: null, note: "", flag: false };

// What is asked for stands in the address, so that a number elsewhere leads here.

function fromAddress() {
  const said = new URLSearchParams(location.search);
  const state = ["settled", "all"].includes(said.get("state")) ? said.get("state") : "open";
  const passage = Number(said.get("passage")) || null;
  return { state, code: said.get("code") ?? "", coders: said.getAll("coder").slice(0, 2), draw: said.get("draw") ?? "", passage };
}

function query() {
  const asked = new URLSearchParams({ state: only.state });
  if (only.code) asked.set("code", only.code);
  if (only.draw) asked.set("draw", only.draw);
  for (const coder of only.coders) asked.append("coder", coder);
  return asked.toString();
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
  const number = passage ? found.cases.findIndex((one) => one.passage === passage) : 0;
  if (number >= 0) await open(number, code);
  else await hearing({ number, code }, passage, code, false);
}

function drawFilters() {
  const counts = { open: found.open, settled: found.settled, all: found.open + found.settled };
  for (const button of document.querySelectorAll("[data-state]")) {
    button.setAttribute("aria-pressed", String(button.dataset.state === only.state));
    button.querySelector(".count").textContent = counts[button.dataset.state].toLocaleString("en-GB");
  }
  at("code").value = only.code;
  at("draw").value = only.draw;
  const pair = [...at("coders").options].find(({ dataset: { one, other } }) => one && only.coders.includes(one) && only.coders.includes(other));
  at("coders").value = pair?.value ?? "";
}

function drawList() {
  at("cases").replaceChildren(...found.cases.map(item));
  at("cases").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  const more = found.total - found.cases.length;
  at("more").textContent = `${more.toLocaleString("en-GB")} more come when these are done.`;
  at("more").hidden = more <= 0;
  at("desk").hidden = !heard;
  at("nothing").hidden = Boolean(found.cases.length);
  if (!found.cases.length) at("nothing").textContent = emptiness();
}

function emptiness() {
  if (only.state === "open" && found.settled) return "Everything here is settled.";
  if (only.state === "settled" && found.open) return "Nothing here is settled yet.";
  return "The coders do not differ here. A passage that somebody is still to read blind comes when all its coders have read it.";
}

function item(one, number) {
  const share = one.same / one.compared;
  const kind = share < 0.5 ? "bad" : share < 0.8 ? "warn" : "good";
  const named = one.codes.map(({ code, settled }) =>
    tint(h("li", { class: "code" }, nameOf(code), settled === null ? null : h("strong", {}, yesNo(settled))), byId.get(code)?.colour ?? ""),
  );
  const mine = number === place.number && heard?.place.passage === one.passage;
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "case", "aria-current": mine ? "true" : null, on: { click: () => open(number, null, true) } },
      h("span", { class: "case-top" }, h("span", { class: "where" }, one.document), h("span", { class: `badge ${kind}` }, agreement(one))),
      h("span", { class: "words" }, one.words),
    ),
    h("ul", { class: "named" }, named),
  );
}

const agreement = ({ same, compared }) => `agree on ${same} of ${compared}`;

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
  if (heard) turnTo(heard.disputes.some((one) => one.code === code) ? code : (heard.disputes[0]?.code ?? null));
  drawList();
  if (focus && heard) at("place").focus();
  const next = found.cases[place.number + 1]?.passage;
  if (next) ahead = { passage: next, answer: hear(next, true) };
}

/** What was said of a passage; null where it cannot be had, which is said. */
const hear = (passage, quiet = false) =>
  api(`/api/disagreements/passage?passage=${passage}`, undefined, { quiet }).catch(() => null);

function turnTo(code) {
  place.code = code;
  refuse("");
  draw();
}

function draw() {
  const one = dispute();
  const hidden = localStorage.getItem(HIDDEN) === "yes";
  at("names").setAttribute("aria-pressed", String(hidden));
  const who = namer(heard, hidden);
  drawPassage(heard, place.code, who, nameOf);
  at("codes").hidden = heard.disputes.length < 2;
  at("codes").replaceChildren(...heard.disputes.map(tab));
  form.hidden = !one;
  at("focused").replaceChildren(one ? tint(h("span", { class: "code" }, nameOf(one.code)), byId.get(one.code)?.colour ?? "") : "The coders do not differ here.");
  drawDefinition(byId.get(place.code));
  at("sayings").replaceChildren(...(one ? sayings(heard, one, who, nameOf) : []));
  const below = one ? heard.disputes.filter((other) => other.settled && isBelow(other.code, one.code)).map((other) => other.code) : [];
  const before = one ? history(one, who, reasons, nameOf, below) : "";
  at("settled").hidden = !before;
  at("settled").textContent = before;
  drawDraft();
}

function isBelow(code, above) {
  const parent = byId.get(code)?.parent;
  return Boolean(parent) && (parent === above || isBelow(parent, above));
}

function drawDefinition(code) {
  at("definition").textContent = code?.definition ?? "";
  const listed = (title, texts) => texts.length > 0 && [h("h3", {}, title), h("ul", {}, texts.map((text) => h("li", {}, text)))];
  const rules = code ? [listed("Takes in", code.include), listed("Leaves out", code.exclude), listed("Examples", code.examples), listed("Near misses", code.near_misses)] : [];
  at("rules").hidden = !rules.some(Boolean);
  at("rules").querySelector("div").replaceChildren(...rules.flat(2).filter(Boolean));
}

function tab(one) {
  const draft = draftOf(one.code);
  const state = draft.value !== null ? `${yesNo(draft.value)}, not settled yet` : one.settled !== null ? `settled: ${yesNo(one.settled).toLowerCase()}` : "open";
  const chosen = one.code === place.code;
  return h(
    "button",
    { type: "button", "aria-pressed": String(chosen), on: { click: () => turnTo(one.code) } },
    tint(h("span", { class: "code" }, nameOf(one.code)), byId.get(one.code)?.colour ?? ""),
    h("span", { class: "hint" }, state),
  );
}

// What is about to be said.

function drawDraft() {
  const draft = dispute() ? draftOf(place.code) : null;
  for (const radio of form.elements.value) radio.checked = draft?.value === (radio.value === "yes");
  for (const radio of form.elements.reason) radio.checked = draft?.reason === radio.value;
  at("note").value = draft?.note ?? "";
  at("flag").checked = Boolean(draft?.flag);
}

function choose(change) {
  if (!dispute() || busy()) return;
  drafts.set(`${heard.place.passage} ${place.code}`, { ...draftOf(place.code), ...change });
  holding("draft", "an outcome is not settled");
  refuse("");
  drawDraft();
  at("codes").replaceChildren(...heard.disputes.map(tab));
}

function refuse(sentence) {
  at("refused").textContent = sentence;
  at("refused").hidden = !sentence;
}

/** The outcomes of this passage that are said in full; null after saying what is missing from one. */
function outcomes() {
  const said = heard.disputes.map((one) => ({ code: one.code, ...draftOf(one.code) }));
  const begun = said.filter((one) => one.value !== null || one.reason !== null || one.note.trim() || one.flag);
  const partial = begun.find((one) => one.value === null || one.reason === null) ?? (begun.length ? null : draftOf(place.code));
  if (!partial) return begun;
  if (partial.code && partial.code !== place.code) turnTo(partial.code);
  refuse(partial.value === null ? "Say what holds first: yes or no." : "Say why the coders differ: one of the five reasons.");
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
    refuse(error.message);
    return;
  } finally {
    setBusy(false);
  }
  for (const one of said) drafts.delete(`${passage} ${one.code}`);
  if (!drafts.size) holding("draft", null);
  await afterwards(passage, answer.disputes);
  const told = said.map((one) => `${nameOf(one.code)}: ${yesNo(one.value).toLowerCase()}, ${reasons[one.reason].toLowerCase()}`);
  at("just").textContent = `Settled just now – ${told.join("; ")}.`;
  say(`Settled. ${found.open ? `${found.open.toLocaleString("en-GB")} to settle.` : "Nothing is left to settle."}`);
}

/** On to the next: another code of this passage, or the passage that follows it in the list. */
async function afterwards(passage, disputes) {
  const number = found.cases.findIndex((one) => one.passage === passage);
  if (number < 0) return list(passage);
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
  else if (only.state === "open") await (found.cases.length || !found.total ? open(number, null, true) : list());
  else await open(number + 1, null, true);
}

async function undo() {
  if (busy()) return;
  setBusy(true);
  const answer = await api("/api/disagreements/undo", { act: newAct() }).catch(() => null);
  setBusy(false);
  if (!answer) return;
  const { undone } = answer;
  if (!undone) {
    say("There is nothing of yours to take back.");
    at("just").textContent = "There is nothing of yours to take back.";
    return;
  }
  for (const { code, ...outcome } of undone.outcomes) drafts.set(`${undone.passage} ${code}`, outcome);
  holding("draft", "an outcome is not settled");
  await list(undone.passage, undone.outcomes[0].code);
  at("place").focus();
  at("just").textContent = "Taken back: it is as you had it, and not settled.";
  say("Taken back. It is as you had it, and not settled.");
}

// Moving.

function step(by) {
  if (busy()) return;
  const seen = current()?.codes.map((one) => one.code) ?? [];
  const next = seen.indexOf(place.code) + by;
  if (seen[next] && seen.includes(place.code)) {
    turnTo(seen[next]);
    say(nameOf(place.code));
  } else if (found.cases[place.number + by]) {
    const there = found.cases[place.number + by];
    open(place.number + by, there.codes.at(by > 0 ? 0 : -1).code, true);
  } else say(by > 0 ? "This is the last one." : "This is the first one.");
}

function skip() {
  if (busy()) return;
  if (!current() || found.cases.length < 2) return say("There is no other passage.");
  found.cases.push(...found.cases.splice(place.number, 1));
  open(place.number >= found.cases.length - 1 ? 0 : place.number, null, true);
}

function hideNames() {
  const hidden = localStorage.getItem(HIDDEN) !== "yes";
  localStorage.setItem(HIDDEN, hidden ? "yes" : "no");
  at("names").setAttribute("aria-pressed", String(hidden));
  if (heard) draw();
  say(hidden ? "Names are hidden." : "Names are shown.");
}

// Keys and fields.

const here = { when: () => Boolean(dispute()) && !busy() };
const away = { when: () => document.activeElement?.type !== "radio" };
for (const radio of form.elements.value) {
  key(radio.value[0], `${radio.value === "yes" ? "Yes" : "No"}, it holds`.replace("No, it holds", "No, it does not hold"), () => choose({ value: radio.value === "yes" }), { ...here, button: radio.parentElement });
  radio.addEventListener("change", () => choose({ value: radio.value === "yes" }));
}
[...form.elements.reason].forEach((radio, number) => {
  key(String(number + 1), reasons[radio.value], () => choose({ reason: radio.value }), { ...here, button: radio.parentElement });
  radio.addEventListener("change", () => choose({ reason: radio.value }));
});
key("m", "Write a note", () => at("note").focus(), { ...here, button: at("note-label") });
key("b", "The codebook needs a look here", () => choose({ flag: !draftOf(place.code).flag }), { ...here, button: at("flag-label") });
key("d", "What the code takes in, and what not", () => (at("rules").open = !at("rules").open), { ...here, button: at("rules").querySelector("summary") });
key("Enter", "Settle, and on to the next", settle, { button: at("settle") });
key("s", "Skip this passage for now", skip, { button: at("skip") });
key("u", "Undo the last settlement", undo, { button: at("undo") });
key("h", "Hide or show the coders' names", hideNames, { button: at("names") });
key(["j", "ArrowDown"], "Next", () => step(1), { ...away, repeat: true });
key(["k", "ArrowUp"], "The one before", () => step(-1), { ...away, repeat: true });
at("settle").addEventListener("click", settle);
at("skip").addEventListener("click", skip);
at("undo").addEventListener("click", undo);
at("names").addEventListener("click", hideNames);
at("note").addEventListener("input", () => {
  if (dispute()) drafts.set(`${heard.place.passage} ${place.code}`, { ...draftOf(place.code), note: at("note").value });
  holding("draft", "an outcome is not settled");
});
at("note").addEventListener("keydown", (event) => {
  if (event.key === "Escape") at("place").focus();
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  settle();
});
at("flag").addEventListener("change", () => choose({ flag: at("flag").checked }));
form.addEventListener("submit", (event) => event.preventDefault());
at("only").addEventListener("submit", (event) => event.preventDefault());
for (const button of document.querySelectorAll("[data-state]")) button.addEventListener("click", () => ask({ state: button.dataset.state }));
at("code").append(...codes.map((code) => h("option", { value: code.id }, `${"– ".repeat(code.depth)}${code.name}`)));
at("code").addEventListener("change", () => ask({ code: at("code").value }));
at("draw").addEventListener("change", () => ask({ draw: at("draw").value }));
at("coders").addEventListener("change", () => {
  const { one, other } = at("coders").selectedOptions[0].dataset;
  ask({ coders: one ? [one, other] : [] });
});
at("agreed").addEventListener("toggle", async () => {
  if (!at("agreed").open) return;
  const agreed = await api("/api/disagreements/agreed");
  const sources = { one: "One reader", unanimous: "Unanimous", adjudicated: "Settled", unresolved: "Open" };
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Code"), Object.values(sources).map((name) => h("th", { scope: "col", class: "number" }, name))));
  const rows = codes.map((code) => h("tr", {}, h("th", { scope: "row" }, `${"– ".repeat(code.depth)}${code.name}`), Object.keys(sources).map((source) => h("td", { class: "number" }, number(agreed[code.id], source, code.id)))));
  at("agreed").querySelector("table").replaceChildren(head, h("tbody", {}, rows));
});

function number(counts, source, code) {
  const said = (counts?.[source] ?? 0).toLocaleString("en-GB");
  const state = { adjudicated: "settled", unresolved: "open" }[source];
  return state && counts?.[source] ? h("a", { href: `/disagreements?state=${state}&code=${encodeURIComponent(code)}` }, said) : said;
}

list();
