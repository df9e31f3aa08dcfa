// How a code is shown in the codebook, and a line of what changed.

import { h, tint } from "./common.js";

const LISTS = [
  ["include", "Takes in"],
  ["exclude", "Leaves out"],
  ["examples", "Examples"],
  ["near_misses", "Near misses: not this code"],
];
const count = (number) => number.toLocaleString("en-GB");

/** A sentence of ours, with `commands` set apart: nodes. */
export const reading = (sentence) => sentence.split("`").map((part, i) => (i % 2 ? h("code", {}, part) : part));

/** A code's name with its colour. */
export const chip = (code) => tint(h("span", { class: "code" }, code.name), code.colour || "");

/** The codes by name, as links to their places. */
export function contents(book, current) {
  const item = (code, number) => {
    const link = h(
      "a",
      { href: `#${code.id}`, "data-code": code.id, "aria-current": code.id === current ? "true" : null },
      h("span", { class: "name" }, code.name),
      code.stale || code.flags ? h("span", { class: "mark", title: "Decisions of an earlier meaning, or flags" }, "•") : null,
      number,
    );
    return tint(h("li", { style: { "--depth": String(code.depth ?? 0) } }, link), code.colour || "");
  };
  const yes = (code) => h("span", { class: "number" }, count(code.yes), h("span", { class: "hidden" }, " yes"));
  const old = book.retired.map((code) => item({ ...code, colour: "", depth: 0 }, h("span", { class: "muted" }, "retired")));
  return [...book.codes.map((code) => item(code, yes(code))), ...old];
}

/** A code in full. tools: what can be done with it, null for nothing. */
export function entry(book, code, tools) {
  const above = code.above.map((id) => book.codes.find((one) => one.id === id)?.name ?? id);
  const element = h(
    "article",
    { class: "entry sheet", "data-code": code.id, "aria-labelledby": code.id, style: { "--depth": String(code.depth) } },
    h(
      "header",
      {},
      h("h2", { id: code.id, tabindex: "-1" }, code.name),
      h("code", { class: "id" }, code.id),
      above.length ? h("span", { class: "muted" }, `in ${above.join(", in ")}`) : null,
      tools,
    ),
    marks(code),
    h("p", { class: "definition" }, code.definition),
    lists(code),
    never(book, code),
  );
  return tint(element, code.colour);
}

function marks(code) {
  const said = [`${count(code.yes)} yes`, `${count(code.no)} no`, code.differ ? `${count(code.differ)} differ` : ""];
  const coders = Object.entries(code.stale_coders).map(([name, number]) => `${name} ${count(number)}`).join(", ");
  const flagged = `/disagreements?state=all&code=${encodeURIComponent(code.id)}`;
  return h(
    "p",
    { class: "marks" },
    h("span", { class: "muted" }, said.filter(Boolean).join(" · ")),
    code.stale ? h("span", { class: "badge warn" }, `${count(code.stale)} decided under another meaning${coders ? ` (${coders})` : ""}`) : null,
    code.flags ? h("a", { class: "badge warn", href: flagged }, `flagged ${code.flags === 1 ? "once" : `${count(code.flags)} times`}`) : null,
  );
}

function lists(code) {
  const parts = LISTS.filter(([name]) => code[name].length);
  return h(
    "div",
    { class: "lists" },
    parts.map(([name, title]) => h("section", { class: name }, h("h3", {}, title), h("ul", {}, code[name].map((text) => h("li", {}, text))))),
  );
}

function never(book, code) {
  const names = code.never_with.map((id) => book.codes.find((one) => one.id === id)?.name ?? id);
  return names.length ? h("p", { class: "muted" }, `Never together with ${names.join(", ")}.`) : null;
}

/** A retired code. */
export function gone(book, code, tool) {
  const into = [...book.codes, ...book.retired].find((one) => one.id === code.into);
  const when = code.on ? ` on ${code.on}` : "";
  const what = into ? `Merged into “${into.name}”${when}` : `Retired${when}`;
  return h(
    "article",
    { class: "entry sheet retired", "data-code": code.id, "aria-labelledby": code.id },
    h("header", {}, h("h2", { id: code.id, tabindex: "-1" }, code.name), h("code", { class: "id" }, code.id), tool && h("div", { class: "entry-tools" }, tool)),
    h("p", {}, `${what}. `, code.reason || null),
    h("details", {}, h("summary", {}, "What it meant"), h("p", { class: "definition" }, code.definition), lists(code)),
  );
}

/** Lines of a diff as `coding.codebook.diff` writes them, by code under its name: nodes. */
export function changes(lines, nameOf, heading = "h3") {
  const groups = new Map();
  for (const line of lines) {
    const [, sign, id, rest] = /^([-+~]) ([a-z][a-z0-9_]*): ([^]*)$/.exec(line) ?? [null, "~", "", line];
    groups.set(id, [...(groups.get(id) ?? []), change(sign, rest)]);
  }
  return [...groups].map(([id, rows]) => h("div", { class: "changes" }, id ? h(heading, {}, chip(nameOf(id))) : null, h("ul", {}, rows)));
}

const KINDS = { "+": ["plus", "Added: "], "-": ["minus", "Gone: "], "~": ["other", "Changed: "] };
const FIELDS = { include: "takes in", exclude: "leaves out", examples: "example", near_misses: "near miss", never_with: "never with" };

function change(sign, rest) {
  const [kind, aloud] = KINDS[sign];
  const two = sign === "~" && rest.split("', is '").length === 2 && /^([a-z]+) was '([^]*)', is '([^]*)'$/.exec(rest);
  const list = sign !== "~" && /^([a-z_]+): ([^]*)$/.exec(rest);
  const field = two ? two[1] : list && FIELDS[list[1]];
  const words = two ? apart(two[2], two[3]) : list && FIELDS[list[1]] ? list[2] : rest;
  return h(
    "li",
    { class: kind },
    h("span", { class: "sign", "aria-hidden": "true" }, sign === "~" ? "≠" : sign === "-" ? "−" : "+"),
    h("span", {}, h("span", { class: "hidden" }, aloud), field ? h("span", { class: "field-name" }, field) : null, words),
  );
}

/** The two texts as one, with the words between what they begin and end with alike marked. */
function apart(was, is) {
  const [old, now] = [was, is].map((text) => text.split(/(?<= )/));
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const middle = (words) => words.slice(start, words.length - end).join("");
  const mark = (tag, text) => (text ? h(tag, {}, text) : null);
  return [old.slice(0, start).join(""), mark("del", middle(old)), " ", mark("ins", middle(now)), end ? ` ${old.slice(-end).join("")}` : ""];
}
