// What fits no code: a theme is made a code, by the same steps as every change of the codebook.

import { at, given, h, say } from "./common.js";
import { askAdd, propose } from "./changing.js";
import { reading } from "./entry.js";

const book = given();
const nameOf = (id) => book.codes.find((code) => code.id === id) ?? { id, name: id, colour: "" };
const EXPLORATORY =
  "A code that is made after looking is exploratory: what is suggested for it is no count. For one, draw a new audit, and have that read blind.";

if (document.getElementById("waiting")) setTimeout(() => location.reload(), 2000);

at("themes").addEventListener("click", async ({ target }) => {
  const button = target.closest("button[data-theme]");
  if (button) await make(Number(button.dataset.theme));
});

async function make(theme) {
  let typed = { edit: { definition: book.proposed[theme - 1] } };
  for (;;) {
    typed = await askAdd(book, null, typed);
    if (!typed) return;
    const answer = await propose(book.codebook, { ...typed.edit, kind: "theme", theme }, nameOf);
    if (answer?.made) return done(typed.told, answer.made);
    if (answer?.refused) typed.refused = answer.refused;
  }
}

/** What was done; the other themes are of a codebook that is no more, so they are looked for again. */
function done(told, { code, effects }) {
  const lines = [EXPLORATORY, ...effects].map((sentence) => h("li", {}, reading(sentence)));
  const links = h("p", { class: "row" }, h("a", { href: `/codebook#${code}` }, "To the code"), h("a", { href: "/codebook/themes" }, "Look for themes again"));
  at("done").replaceChildren(h("h2", {}, told), h("ul", {}, lines), links);
  at("done").hidden = false;
  at("done").scrollIntoView({ block: "nearest" });
  for (const button of at("themes").querySelectorAll("button")) button.disabled = true;
  say([told, EXPLORATORY, ...effects].join(" "));
}
