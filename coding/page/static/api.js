// Asking and saving. What is not saved is said, tried again, and kept from being closed away.

import { at, h, say } from "./dom.js";

const WAITS = [500, 1000, 2000, 4000, 8000]; // milliseconds before each new try; the last one for all that follow
const PATIENCE = 40_000; // milliseconds for one answer
const AGAIN = new Set([401, 408, 429, 502, 503, 504]); // answers after which the same act is sent once more
const held = new Map(); // what would be lost by leaving: why, by a key

/** An answer that is no success: its text is a sentence for people. */
export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

/** Remember that leaving now would lose something (a sentence), or that it would not any more (null). */
export function holding(what, why) {
  if (why) held.set(what, why);
  else held.delete(what);
}

addEventListener("beforeunload", (event) => {
  if (held.size) event.preventDefault();
});

/**
 * Ask (without body) or send. A body with an `act` is sent until it is answered, since the server saves an act once.
 * The parsed answer; a Refused with the server's sentence, which the page shows too unless `quiet`.
 */
export async function api(path, body = undefined, { quiet = false } = {}) {
  const lasting = Boolean(body?.act);
  for (let tries = 0; ; tries++) {
    try {
      const answer = await once(path, body);
      if (tries) recovered(body.act);
      return answer;
    } catch (error) {
      const again = lasting && (!(error instanceof Refused) || AGAIN.has(error.status));
      if (!again) {
        if (tries) holding(body.act, null);
        if (!quiet) problem(lasting ? `Not saved. ${error.message}` : error.message);
        throw error;
      }
      holding(body.act, "not saved yet");
      problem(`Not saved yet. ${error.message} Trying again until it is; keep this page open.`);
      await new Promise((resolve) => setTimeout(resolve, WAITS[Math.min(tries, WAITS.length - 1)]));
    }
  }
}

async function once(path, body) {
  const options = { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) };
  if (body !== undefined)
    Object.assign(options, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  let status = 0;
  try {
    const answer = await fetch(path, options);
    status = answer.status;
    const told = await answer.json();
    if (answer.ok) return told;
    throw new Refused(status, told.error);
  } catch (error) {
    if (error instanceof Refused) throw error;
    if (error instanceof SyntaxError) throw new Refused(status, "This did not work.");
    throw new Unanswered("The review page does not answer.");
  }
}

class Unanswered extends Error {}

function recovered(act) {
  holding(act, null);
  if (held.size) return;
  problem(null);
  say("Saved again.");
  const saved = at("saving");
  saved.replaceChildren("Saved again.");
  saved.classList.add("good");
  saved.hidden = false;
  setTimeout(() => saved.classList.contains("good") && problem(null), 3000);
}

/** Show a sentence above everything, until it is closed or replaced; null takes it away. */
export function problem(sentence) {
  const place = at("saving");
  place.classList.remove("good");
  place.hidden = !sentence;
  const close = h("button", { type: "button", class: "quiet", on: { click: () => problem(null) } }, "Close");
  if (sentence && place.firstChild?.textContent !== sentence) place.replaceChildren(h("span", {}, sentence), close);
  if (!sentence) place.replaceChildren();
}
