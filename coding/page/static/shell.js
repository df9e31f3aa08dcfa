// What every page of a visitor has: the keys dialog and who they are.

import { api, at, dialog, given, h, key, keysAreOff, showKeys } from "./common.js";

document.documentElement.classList.toggle("keys-off", keysAreOff());
at("keys-button").addEventListener("click", showKeys);
key("?", "Show all keys", showKeys, { button: at("keys-button") });

at("me-button").addEventListener("click", async () => {
  const me = given("me");
  const kind = me.lead ? "You lead this study: you also settle disagreements and edit the codebook." : "You code.";
  const leave = await dialog({
    title: me.coder,
    body: [h("p", {}, kind), h("p", { class: "muted" }, "What you decide is recorded under this name.")],
    actions: [{ label: "Forget me on this browser", value: true }],
  });
  if (!leave) return;
  await api("/api/leave", {});
  location.assign("/");
});
