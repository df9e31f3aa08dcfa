// The table of where agreed values come from, asked for when it is opened.

import { api, at, h } from "./common.js";
import { codes, counted } from "./hearing.js";

const SOURCES = { one: "One coder", unanimous: "Unanimous", adjudicated: "Settled", unresolved: "Open" };
const STATES = { adjudicated: "settled", unresolved: "open" }; // sources that can be looked at here

at("agreed").addEventListener("toggle", async () => {
  if (!at("agreed").open) return;
  const found = await api("/api/disagreements/agreed");
  const head = Object.values(SOURCES).map((name) => h("th", { scope: "col", class: "number" }, name));
  const rows = codes.map((code) => {
    const cells = Object.keys(SOURCES).map((source) => h("td", { class: "number" }, cell(found, source, code.id)));
    return h("tr", {}, h("th", { scope: "row" }, "– ".repeat(code.depth), code.name), cells);
  });
  const top = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Code"), head));
  at("agreed").querySelector("table").replaceChildren(top, h("tbody", {}, rows));
});

function cell(found, source, code) {
  const number = found[code]?.[source] ?? 0;
  const state = STATES[source];
  if (!state || !number) return counted(number);
  return h("a", { href: `/disagreements?state=${state}&code=${encodeURIComponent(code)}` }, counted(number));
}
