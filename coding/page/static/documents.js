// The list of documents, narrowed by name.

import { at } from "./common.js";

const rows = [...at("documents").children];

at("filter").addEventListener("input", ({ target }) => {
  const wanted = target.value.trim().toLocaleLowerCase();
  for (const row of rows) row.hidden = !row.firstElementChild?.textContent.toLocaleLowerCase().includes(wanted);
  const left = rows.filter((row) => !row.hidden).length;
  at("shown").textContent = wanted ? `${left.toLocaleString()} of ${rows.length.toLocaleString()} documents` : "";
});
