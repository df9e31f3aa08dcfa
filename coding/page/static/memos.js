// Memos on a document or on the study: listed, added, changed by their authors.

import { api, at, dialog, given, h, key, newAct, say } from "./common.js";

const about = given("memos-about");
const me = given("me").coder;

function show(memos) {
  const rows = memos.map((memo) => {
    const change = h("button", { type: "button", class: "quiet", on: { click: () => write(memo) } }, "Change");
    const head = h("p", { class: "speaker" }, `${memo.author}, ${memo.time.slice(0, 10)} `, memo.author === me && change);
    return h("div", { class: "remark" }, head, h("p", {}, memo.text));
  });
  at("memos-list").replaceChildren(...(rows.length ? rows : [h("p", { class: "muted" }, "None yet.")]));
}

async function write(old = null) {
  const field = h("textarea", { id: "memo-text", rows: "6", maxlength: "20000", autofocus: true, value: old?.text ?? "" });
  const hint = old ? "An empty memo is taken away." : "It stands here with your name, for everybody who reviews.";
  const body = [h("label", { for: "memo-text" }, "Memo"), field, h("p", { class: "hint" }, hint)];
  const chosen = await dialog({ title: old ? "Change your memo" : "Memo", body, actions: [{ label: "Save", value: "save", primary: true }] });
  if (!chosen || (!old && !field.value.trim())) return;
  const sent = { ...about, act: newAct(), text: field.value, replaces: old?.act ?? null };
  show(await api("/api/memos", sent));
  say("Memo saved.");
}

at("memo-add").addEventListener("click", () => write());
key("m", "Write a memo", () => write(), { button: at("memo-add") });
const place = new URLSearchParams(Object.entries(about).filter(([, value]) => value !== null));
show(await api(`/api/memos?${place}`));
