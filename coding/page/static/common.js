// Everything that a view's script needs.
export { Refused, api, holding, problem } from "./api.js";
export { at, dialog, given, h, measure, newAct, say, tint } from "./dom.js";
export { key, keysAreOff, printedKey, showKeys } from "./keys.js";
