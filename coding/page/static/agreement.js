// Gives each code its colour, which a page may not carry itself.
import { tint } from "./common.js";

for (const code of document.querySelectorAll("[data-colour]")) tint(code, code.dataset.colour);
