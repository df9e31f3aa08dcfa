// Asking and saving. What is not saved is said, tried again, and kept from being closed away.

import { at, h, say } from "./dom.js";

const WAITS = [500, 1000, 2000, 4000, 8000]; // milliseconds before each new try; the last one for all that follow
const PATIENCE = 40_000; // milliseconds for one answer
const AGAIN = new Set([401, 408, 429, 502, 503, 504]); // answers after which the same act is sent once more
const held = new Map(); // what would be lost by leaving: why, by a key
const waiting = new Set(); // acts that the server has not answered when it should have

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
  const act = body?.act;
  try {
    if (!act) return await once(path, body);
    holding(act, "not saved yet");
    const answer = await lasting(path, body);
    if (waiting.delete(act) && !waiting.size) recovered();
    return answer;
  } catch (error) {
    waiting.delete(act);
    if (!quiet) problem(act ? `Not saved. ${error.message}` : error.message);
    throw error;
  } finally {
    holding(act, null);
  }
}

/** The answer to a body with an act, however long it takes; a Refused where trying again would not help. */
async function lasting(path, body) {
  for (let tries = 0; ; tries++) {
    try {
      return await once(path, body);
    } catch (error) {
      if (error instanceof Refused && !AGAIN.has(error.status)) throw error;
      waiting.add(body.act);
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

function recovered() {
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
