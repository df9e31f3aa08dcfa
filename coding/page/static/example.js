// An example, or a near miss, for a code from the passage in focus: for those who lead, while they review.
// Not in audits and double coding: the words of a passage would stand in the codebook under a code, before whoever is
// still to read it blind; and what was drawn to measure the machine would teach it. The server refuses it there too.

import { api, at, dialog, given, h, key, newAct } from "./common.js";
import { changes, reading } from "./entry.js";

/**
 * Offer it under `e`. page: the codes and their version, which renewed() brings up to date. chosen(): the code ticked
 * last, or null. there(): whether a passage is in focus. tell(text, kind) says what became of it.
 */
export function offerExamples({ page, card, passage, chosen, there, renewed, tell }) {
  if (!given("me").lead || page.mode !== "review") return;
  const button = h("button", { type: "button", class: "quiet" }, "Example");
  at("tools").append(button);
  const add = () => ask({ page, card: card(), passage, chosen: chosen(), renewed, tell });
  button.addEventListener("click", () => there() && add());
  key("e", "Make an example of a code, of the selected words or the whole passage", add, { button, when: there });
}

async function ask({ page, card, passage, chosen, renewed, tell }) {
  const span = passage.selected();
  const line = span ? passage.words(span) : card.text;
  const select = h("select", { id: "example-code", required: true }, h("option", { value: "" }, "Choose a code"));
  select.append(...page.codes.map((code) => h("option", { value: code.id, selected: code.id === chosen }, `${"– ".repeat(code.depth)}${code.name}`)));
  const radio = (field, label) => h("label", { class: "tick" }, h("input", { type: "radio", name: "example-kind", value: field, checked: field === "examples" }), label);
  const kinds = h("fieldset", { class: "kinds" }, h("legend", {}, "It shows what the code"), radio("examples", "is: an example"), radio("near_misses", "is not: a near miss"));
  const words = h("blockquote", { class: "example-words" }, line);
  const plan = h("div", { role: "status" });
  const nameOf = (id) => page.codes.find((code) => code.id === id) ?? { id, name: id };
  const edit = () => ({ kind: "show", code: select.value, field: kinds.querySelector("input:checked").value, line, passage: card.passage });
  let asked = 0;

  async function look(again = true) {
    const mine = ++asked;
    if (!select.value) {
      words.hidden = false;
      return plan.replaceChildren();
    }
    const answer = await rehearsed(page.codebook, edit());
    if (mine !== asked) return;
    if (answer.refused && again && (await moved(page.codebook))) {
      await renewed().catch(() => null); // what did not come is said above the page
      return look(false);
    }
    const shown = answer.refused ? [h("p", { class: "problem" }, answer.refused)] : [changes(answer.changes, nameOf), answer.effects.map((one) => h("p", { class: "muted" }, reading(one)))];
    words.hidden = !answer.refused; // they stand in the change
    plan.replaceChildren(...shown.flat(2));
    if (mine === 1 && !answer.refused) document.querySelector("dialog[open] .primary").focus(); // not before it is seen
  }

  select.addEventListener("change", () => look());
  kinds.addEventListener("change", () => look());
  look();
  const wanted = await dialog({
    title: span ? "Put these words into the codebook" : "Put this passage into the codebook",
    body: [words, h("div", { class: "field" }, h("label", { for: "example-code" }, "Code"), select), kinds, plan],
    actions: [{ label: "Make the change", value: true, primary: true }],
  });
  asked++;
  if (!wanted) return;
  const made = await api("/api/codebook/edit", { act: newAct(), expected: page.codebook, edit: edit() }).catch(() => null);
  if (!made) return tell("It is not in the codebook.", "bad");
  await renewed().catch(() => null);
  tell(`Now among the ${edit().field === "examples" ? "examples" : "near misses"} of “${nameOf(select.value).name}”.`, "good");
}

const rehearsed = (expected, edit) => api("/api/codebook/rehearse", { expected, edit }, { quiet: true }).catch((error) => ({ refused: error.message }));

const moved = async (version) => (await api("/api/code/codebook").catch(() => ({ codebook: version }))).codebook !== version;
