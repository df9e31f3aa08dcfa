// What is kept of a passage while it is read: the seconds in sight, and ticks that are not saved yet.

/** The seconds for which a passage was in sight. */
export class Watch {
  constructor() {
    this.start();
    document.addEventListener("visibilitychange", () => (document.hidden ? this.pause() : this.resume()));
  }

  start() {
    this.spent = 0;
    this.since = document.hidden ? null : performance.now();
  }

  pause() {
    this.spent = this.milliseconds();
    this.since = null;
  }

  resume() {
    this.since ??= performance.now();
  }

  milliseconds() {
    return this.spent + (this.since === null ? 0 : performance.now() - this.since);
  }

  seconds() {
    return Math.round(this.milliseconds() / 100) / 10;
  }
}

/** Ticks of a passage that live through a reload, in this tab only: codes and offsets, none of what was said. */
export class Draft {
  constructor(place, passage, codebook) {
    this.name = `themis-ticks ${[...place, passage, codebook].join(" ")}`;
  }

  read() {
    return JSON.parse(sessionStorage.getItem(this.name) ?? "null");
  }

  /** Keep what is ticked, a text as `Ticks.told` makes it; nothing where it is what the ledger has (`start`). */
  write(told, start) {
    if (told === start) this.drop();
    else sessionStorage.setItem(this.name, told);
  }

  drop() {
    sessionStorage.removeItem(this.name);
  }
}
