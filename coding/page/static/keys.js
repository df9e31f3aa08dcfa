// The keys of a view: declared once, printed on their buttons, listed by "?".

import { dialog, h, say } from "./dom.js";

const NAMES = { " ": "Space", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", Escape: "Esc" };
const OFF = "themis-keys-off";
const TYPED = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const PRESSED = "a[href], button, summary";
const keys = new Map();

export const keysAreOff = () => localStorage.getItem(OFF) === "yes";

/**
 * Declare a key. name: as KeyboardEvent.key has it ("a", "Enter", "?"), or a list of names for one action.
 * button: an element that the key is printed on. when: whether it does something now. repeat: also while held down.
 * Returns a function that takes the key back.
 */
export function key(name, label, action, { button = null, when = () => true, repeat = false } = {}) {
  const names = [name].flat();
  const entry = { names, label, action, when, repeat };
  for (const one of names) {
    if (keys.has(one)) throw new Error(`the key ${one} is "${keys.get(one).label}" already`);
    keys.set(one, entry);
  }
  const printed = button && names.map((one) => printedKey(one));
  if (button) {
    button.append(...printed);
    button.setAttribute("aria-keyshortcuts", names.map((one) => (one === " " ? "Space" : one)).join(" "));
  }
  return () => {
    names.forEach((one) => keys.delete(one));
    printed?.forEach((one) => one.remove());
  };
}

/** A key as it is printed. */
export function printedKey(name) {
  return h("kbd", { "aria-hidden": "true" }, NAMES[name] ?? name);
}

function chosen(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return null;
  if (document.querySelector("dialog[open]") || event.target.closest?.(TYPED)) return null;
  const capitals = event.key.length === 1 && event.getModifierState("CapsLock");
  const found = keys.get(capitals ? event.key.toLowerCase() : event.key);
  if (!found || (event.repeat && !found.repeat)) return null;
  if (["Enter", " "].includes(event.key) && event.target.closest?.(PRESSED)) return null;
  if (keysAreOff() && event.key.length === 1) return null;
  return found.when() ? found : null;
}

document.addEventListener("keydown", (event) => {
  const found = event.defaultPrevented ? null : chosen(event);
  if (!found) return;
  event.preventDefault();
  found.action(event);
});

/** Keys as the list has them: many of one action are a range. */
function printedKeys(names) {
  const few = names.length < 4 ? names : [names[0], names.at(-1)];
  const keys = few.map((one) => h("kbd", {}, NAMES[one] ?? one));
  return few === names ? keys : [keys[0], "–", keys[1]];
}

/** Show every key of this view, and let them be switched off. */
export async function showKeys() {
  const rows = [...new Set(keys.values())].map(({ names, label }) =>
    h("div", {}, h("dt", {}, printedKeys(names)), h("dd", {}, label)),
  );
  rows.push(rows.shift()); // "?" itself was declared first
  const off = h("input", { type: "checkbox", checked: !keysAreOff() });
  off.addEventListener("change", () => {
    localStorage.setItem(OFF, off.checked ? "no" : "yes");
    document.documentElement.classList.toggle("keys-off", !off.checked);
    say(off.checked ? "Single keys work." : "Single keys do nothing now.");
  });
  const listed = h("dl", { class: "keys", tabindex: "-1", autofocus: true }, rows);
  const setting = h("label", { class: "tick" }, off, "Single letters and numbers work as keys");
  await dialog({ title: "Keys of this view", body: [setting, listed], wide: rows.length > 6 });
}
