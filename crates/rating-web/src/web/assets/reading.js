// A reading while it is made: every change is saved at once, one after the
// other; undo and redo know this pair only. What is locked is what is on the
// screen, or nothing.

import { Refused, SignedOut, Unanswered } from "./api.js";

const WAIT_AFTER_FAILURE_MS = [500, 1000, 2000, 4000, 8000];
const LOOK_EVERY_MS = 50;
// Refusals that pass: too slow, too often.
const PASSING = [408, 429];

export class Reading {
  constructor(ask, path, stored, told) {
    this.ask = ask;
    this.path = path;
    this.told = told; // told(state, sentence, stored): "saved", "saving", "waiting", "signed-out" or "refused"
    this.take(stored);
    this.undone = [];
    this.done = [];
    this.pending = null;
    this.running = null;
    this.trouble = null; // why saving waits
    this.refusal = null; // why the last change is not saved
    this.closing = false; // while it is being locked nothing changes
  }

  take(stored) {
    this.version = stored.version;
    this.locked = stored.locked;
    this.body = stored.body;
    // What the server has under this version.
    this.kept = stored.body;
  }

  get isSaved() {
    return this.running === null && this.kept === this.body;
  }

  // Changes some fields; `quietly` joins the change to the one before it (a drag, a typed word).
  change(fields, quietly = false) {
    if (this.locked || this.closing) return;
    if (!quietly) this.done.push(this.body);
    this.undone = [];
    this.#become({ ...this.body, ...fields });
  }

  undo() {
    this.#step(this.done, this.undone);
  }

  redo() {
    this.#step(this.undone, this.done);
  }

  #step(from, to) {
    if (this.locked || this.closing || from.length === 0) return;
    to.push(this.body);
    this.#become(from.pop());
  }

  #become(body) {
    this.body = body;
    this.pending = body;
    this.refusal = null;
    if (!this.trouble) this.told("saving");
    this.running ??= this.#save();
  }

  // Saves until nothing is left to save. A lost connection or session is tried
  // again with the same name of the change, so that nothing is saved twice.
  async #save() {
    let failures = 0;
    let change = null;
    while (this.pending !== null) {
      change ??= { version: this.version, change: crypto.randomUUID(), body: this.pending };
      try {
        const stored = await this.ask("PUT", this.path, change);
        if (!Number.isInteger(stored.version)) throw new Unanswered("The server did not answer.");
        this.version = stored.version;
        this.kept = change.body;
        if (this.pending === change.body) this.pending = null;
        change = null;
        failures = 0;
        this.trouble = null;
      } catch (error) {
        if (isFinal(error)) {
          const isLast = this.pending === change.body;
          change = null;
          // What was changed since may be taken.
          if (!isLast && !error.state) continue;
          this.pending = null;
          this.running = null;
          this.trouble = null;
          this.refusal = error.message;
          this.told("refused", error.message, error.state);
          return;
        }
        this.#wait(error);
        await patience(WAIT_AFTER_FAILURE_MS[Math.min(failures++, WAIT_AFTER_FAILURE_MS.length - 1)]);
      }
    }
    this.running = null;
    this.told("saved");
  }

  // Says once why saving waits.
  #wait(error) {
    if (this.trouble?.message === error.message) return;
    this.trouble = error;
    this.told(error instanceof SignedOut ? "signed-out" : "waiting", error.message);
  }

  // Has `post(version)` lock what is on the screen now, after it is saved. Throws
  // where that cannot be saved or becomes something else meanwhile.
  async lockBy(post) {
    const shown = this.body;
    // It was refused before; perhaps it no longer is.
    if (this.kept !== shown && !this.running) this.#become(shown);
    while (this.running) {
      if (this.trouble instanceof SignedOut) throw new SignedOut(`Not locked, because it is not saved. ${this.trouble.message}`);
      await Promise.race([this.running, pause(LOOK_EVERY_MS)]);
    }
    if (this.kept !== shown) throw new Error(`${this.refusal ?? "This was changed meanwhile."} Nothing was locked.`);
    this.closing = true;
    try {
      return await post(this.version);
    } finally {
      this.closing = false;
    }
  }

  async lock() {
    const stored = await this.lockBy((version) => this.ask("POST", `${this.path}/lock`, { version }));
    this.take(stored);
    return stored;
  }
}

// Whether asking again is of no use.
function isFinal(error) {
  if (!(error instanceof Refused) || error instanceof SignedOut) return false;
  return error.status < 500 && !PASSING.includes(error.status);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Until the time is over, or somebody comes back to the page.
function patience(ms) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(end, ms);
    for (const sign of ["focus", "online"]) addEventListener(sign, end, { signal: over.signal });
  });
}
