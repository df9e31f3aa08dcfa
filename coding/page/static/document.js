// A whole document: moving from passage to passage, and opening one to be coded.

import { at, key, say, tint } from "./common.js";

const parts = [...document.querySelectorAll(".part")];
for (const chip of document.querySelectorAll(".chip")) tint(chip, chip.dataset.colour || "var(--edge)");

let here = parts.indexOf(document.getElementById(location.hash.slice(1)));

function go(place) {
  if (!parts.length) return;
  parts[here]?.classList.remove("here");
  here = Math.max(0, Math.min(place, parts.length - 1));
  const part = parts[here];
  part.classList.add("here");
  part.focus({ preventScroll: true });
  part.scrollIntoView({ block: "center" });
  history.replaceState(null, "", `#${part.id}`);
}

function open() {
  const part = parts[Math.max(here, 0)];
  if (!part) return;
  if (part.dataset.sealed) say("This passage is to be read blind, in its draw.");
  else location.assign(`/review?passage=${part.dataset.passage}`);
}

function unread() {
  const after = [...parts.keys()].slice(here + 1);
  const found = after.find((n) => !parts[n].matches(".decided, [data-sealed]"));
  if (found === undefined) say("Every passage from here on has a decision.");
  else go(found);
}

function action(id, name, label, act, repeat = false) {
  at(id).addEventListener("click", act);
  key(name, label, act, { button: at(id), repeat });
}

action("down", ["j", "ArrowDown"], "Next passage", () => go(here + 1), true);
action("up", ["k", "ArrowUp"], "Passage before", () => go(here - 1), true);
action("open", "Enter", "Code this passage", open);
action("unread", "n", "Next passage without a decision", unread);

parts.forEach((part, place) => {
  part.addEventListener("click", () => getSelection().isCollapsed && go(place));
  part.addEventListener("dblclick", open);
});
if (here >= 0) go(here);
