// Why a code is suggested, in full: asked for when somebody wants it, and shown under the short reasons.

import { api, at, h } from "./common.js";

const AGAIN = 1000; // milliseconds before it is asked for again, while it is worked out

const PARTS = {
  meaning: "what it means",
  include: "likeness to what the code includes",
  exclude: "likeness to what the code excludes",
  adapted: "what the encoder adapted to decisions says",
  words: "its words",
};
const LINES = {
  name: "name",
  definition: "definition",
  include: "includes",
  example: "example",
  exclude: "excludes",
  "near miss": "near miss",
};

/** Work out all reasons of a card's suggestions and show them; there(): whether the card still shows its reasons. */
export async function showAll(card, there) {
  if (!card.hints?.length) return;
  const asked = (card.all ??= ask(card.passage, there));
  if (asked instanceof Promise) all(() => h("p", { class: "muted", role: "status" }, "Looking for passages like it …"));
  try {
    card.all = await asked;
  } catch (error) {
    card.all = null;
    if (there()) all(() => h("p", { class: "muted", role: "status" }, error.message));
    return;
  }
  if (there()) all((code) => reasons(card.all?.find((one) => one.code === code)));
}

async function ask(passage, there) {
  for (;;) {
    const { codes } = await api(`/api/code/why?passage=${passage}`, undefined, { quiet: true });
    if (codes || !there()) return codes;
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

function all(shown) {
  for (const place of at("behind").querySelectorAll(".all")) place.replaceChildren(...[shown(place.dataset.code)].flat());
}

function reasons(one) {
  if (!one) return h("p", { class: "muted" }, "Nothing more is known of it: the codebook or the queue has changed.");
  return [
    ...likes("People said yes to", one.yes),
    ...likes("People said no to", one.no),
    ...lines("In the codebook, for it", one.for),
    ...lines("In the codebook, against it", one.against),
    terms("Words for it", one.words),
    terms("Words against it", one.others),
    terms("What moved it, most first", one.pulls.map(({ part, up }) => `${PARTS[part]} (${up ? "up" : "down"})`)),
  ].filter(Boolean);
}

function likes(title, found) {
  const rows = found.map(({ key, document, passage, words }) =>
    h("li", {}, h("q", {}, words), " ", h("a", { href: `/documents/${document}#p${key}` }, passage)),
  );
  return rows.length ? [h("p", {}, `${title}:`), h("ul", {}, rows)] : [];
}

function lines(title, found) {
  const rows = found.map(({ kind, text }) => h("li", {}, `${LINES[kind]}: `, h("q", {}, text)));
  return rows.length ? [h("p", {}, `${title}:`), h("ul", {}, rows)] : [];
}

function terms(title, found) {
  return found.length ? h("p", {}, `${title}: `, found.join(", ")) : null;
}
