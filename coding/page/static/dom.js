// Building what is shown. Text is always written as text: nothing here reads HTML.

const PROPERTIES = new Set(["checked", "disabled", "hidden", "indeterminate", "open", "selected", "value"]);

/**
 * An element. attributes: plain ones by name; `on: {click: f}` listens; `style: {"--code": "#abc"}` sets properties;
 * null and false leave an attribute out. children: nodes, texts, lists of them; null and false are left out.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, f] of Object.entries(value)) element.addEventListener(event, f);
    else if (name === "style") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else if (PROPERTIES.has(name)) element[name] = value;
    else if (/^on/i.test(name) || (/^(href|src|action)$/i.test(name) && !/^[/#](?!\/)/.test(value)))
      throw new Error(`${name} is not set like this`);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The element with this id; an error where there is none. */
export function at(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`there is no #${id} here`);
  return element;
}

/** The data that the page came with: `{{ data(values) }}` in its template. */
export function given(id = "given") {
  return JSON.parse(at(id).textContent);
}

/** Say something to those who hear the page. */
export function say(text) {
  const live = at("live");
  live.textContent = "";
  setTimeout(() => (live.textContent = text), 50);
}

/** Give an element a code's colour, as an accent beside its name. */
export function tint(element, colour) {
  element.style.setProperty("--code", colour);
  return element;
}

/** An id for one act: what is sent again under it is saved once. */
export function newAct() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** How far from the top of the page an element stands, for its style, as --above. */
export function measure(element) {
  element.style.setProperty("--above", `${element.getBoundingClientRect().top + scrollY}px`);
}

const TYPED = "textarea, input:not([type=checkbox], [type=radio])";
const typed = (form) => JSON.stringify([...form.querySelectorAll(TYPED)].map((field) => field.value));

let dialogs = 0;

/**
 * Ask in a dialog. body: nodes. actions: [{label, value, primary}]; Escape and "Close" give null, where something was
 * typed only the second time. check(): what is still wrong before the primary action is taken, "" for nothing.
 * A promise of the chosen value; a form field named in `body` is read by the caller. The browser brings the focus back.
 */
export function dialog({ title, body = [], actions = [], wide = false, check = () => "" }) {
  const id = `dialog-${++dialogs}`;
  return new Promise((resolve) => {
    let chosen = null;
    const button = ({ label, value, primary }) => {
      const pressed = () => {
        if (primary && !form.reportValidity()) return;
        chosen = value;
        box.close();
      };
      const kind = { type: primary ? "submit" : "button", class: primary ? "primary" : null };
      return h("button", { ...kind, on: primary ? {} : { click: pressed } }, label);
    };
    const main = actions.find((action) => action.primary);
    const submit = (event) => {
      event.preventDefault();
      const wrong = check();
      if (wrong) return warn(wrong);
      if (main) chosen = main.value;
      box.close();
    };
    const warning = h("p", { class: "problem", role: "alert", hidden: true });
    const warn = (sentence) => {
      warning.textContent = sentence;
      warning.hidden = !sentence;
    };
    let asked = false; // whether what was typed may be thrown away
    const mayLeave = (how) => {
      if (asked || typed(form) === began) return true;
      asked = true;
      warn(`${how} again throws away what you wrote.`);
      return false;
    };
    const again = () => {
      asked = false;
      warn("");
    };
    const close = h(
      "button",
      { type: "button", class: "quiet", on: { click: () => mayLeave("Close") && box.close() } },
      "Close",
    );
    const form = h(
      "form",
      { method: "dialog", on: { submit, input: again } },
      h("h2", { id, tabindex: "-1" }, title),
      h("div", { class: "dialog-body" }, body),
      warning,
      h("div", { class: "actions" }, actions.map(button), close),
    );
    const began = typed(form);
    const box = h("dialog", { "aria-labelledby": id, class: wide ? "wide" : null }, form);
    box.addEventListener("close", () => {
      box.remove();
      resolve(chosen);
    });
    box.addEventListener("cancel", (event) => mayLeave("Escape") || event.preventDefault());
    document.body.append(box);
    box.showModal();
    const first = ["[autofocus]", "input, textarea, select", "h2"].map((one) => form.querySelector(one)).find(Boolean);
    first.focus();
  });
}
