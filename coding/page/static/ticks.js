// What a coder has ticked of the passage in focus.

import { h, tint } from "./common.js";

/**
 * What is ticked: a set of ids, where a nested code ticks those above it and codes may exclude each other. own: those
 * that were ticked by themselves; the others came along with one nested in them.
 */
export class Ticks {
  constructor(codes) {
    this.byId = new Map(codes.map((code) => [code.id, code]));
    this.yes = new Set();
    this.own = new Set();
    this.quotes = new Map();
    const pairs = codes.flatMap((code) => code.never_with.map((other) => [code.id, other]));
    this.apart = new Set(pairs.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]));
  }

  /** Start anew with these codes, those above them, and quotes; ones that the codebook no longer has are left out. */
  set(yes, quotes = {}, own = yes) {
    this.yes = new Set(yes.filter((id) => this.byId.has(id)).flatMap((id) => [id, ...this.byId.get(id).above]));
    this.own = new Set(own.filter((id) => this.yes.has(id)));
    this.quotes = new Map(Object.entries(quotes).filter(([id, span]) => span && this.yes.has(id)));
  }

  /** Tick a code and those above it: null, or nothing is ticked and a sentence says what it excludes. */
  tick(id) {
    const added = [id, ...this.byId.get(id).above].filter((one) => !this.yes.has(one));
    for (const one of added)
      for (const other of [...this.yes, ...added])
        if (this.apart.has(`${one} ${other}`))
          return `“${this.name(other)}” is ticked, and excludes “${this.name(one)}”: untick it first.`;
    added.forEach((one) => this.yes.add(one));
    this.own.add(id);
    return null;
  }

  /** Untick a code, those nested in it, and those above it that came along and are wanted by nothing else: null. */
  untick(id) {
    const nested = (above) => [...this.byId.values()].filter((code) => code.above.includes(above)).map((code) => code.id);
    [id, ...nested(id)].forEach((one) => this.drop(one));
    for (const above of this.byId.get(id).above)
      if (!this.own.has(above) && !nested(above).some((one) => this.yes.has(one))) this.drop(above);
    return null;
  }

  drop(id) {
    for (const kept of [this.yes, this.own, this.quotes]) kept.delete(id);
  }

  /** A code's name with its colour: a node. */
  chip(id) {
    return tint(h("span", { class: "code" }, this.name(id)), this.byId.get(id)?.colour ?? "");
  }

  name(id) {
    return this.byId.get(id)?.name ?? id;
  }

  /** Ids in the order of the codebook. */
  listed() {
    return [...this.byId.keys()].filter((id) => this.yes.has(id));
  }

  /** All of it as one text, equal where the same is said. */
  told() {
    const yes = this.listed();
    const quotes = Object.fromEntries(yes.filter((id) => this.quotes.has(id)).map((id) => [id, this.quotes.get(id)]));
    return JSON.stringify({ yes, quotes, own: yes.filter((id) => this.own.has(id)) });
  }
}

/** Of what a coder said, {code: {value, quote}}: the codes that hold. */
export const yesOf = (said) => Object.keys(said).filter((id) => said[id].value);

/** The quotes of it, by code. */
export const quotesOf = (said) => Object.fromEntries(Object.entries(said).map(([id, { quote }]) => [id, quote]));
