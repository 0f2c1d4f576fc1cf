// A reading while it is made: every change is saved at once, one after the
// other; undo and redo know this pair only.

import { Refused } from "./api.js";

const WAIT_AFTER_FAILURE_MS = [500, 1000, 2000, 4000, 8000];

export class Reading {
  constructor(ask, path, stored, told) {
    this.ask = ask;
    this.path = path;
    this.told = told; // told(state, sentence): "saved", "saving", "waiting" or "refused"
    this.take(stored);
    this.undone = [];
    this.done = [];
    this.pending = null;
    this.running = null;
  }

  take(stored) {
    this.version = stored.version;
    this.locked = stored.locked;
    this.body = stored.body;
  }

  get isSaved() {
    return this.pending === null && this.running === null;
  }

  // Changes some fields; `quietly` joins the change to the one before it (a drag, a typed word).
  change(fields, quietly = false) {
    if (this.locked) return;
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
    if (this.locked || from.length === 0) return;
    to.push(this.body);
    this.#become(from.pop());
  }

  #become(body) {
    this.body = body;
    this.pending = body;
    this.told("saving");
    this.running ??= this.#save();
  }

  // Saves until nothing is left to save. A lost connection is tried again with
  // the same name of the change, so that nothing is saved twice.
  async #save() {
    let failures = 0;
    let change = null;
    while (this.pending !== null) {
      change ??= { version: this.version, change: crypto.randomUUID(), body: this.pending };
      try {
        const stored = await this.ask("PUT", this.path, change);
        this.version = stored.version;
        if (this.pending === change.body) this.pending = null;
        change = null;
        failures = 0;
      } catch (error) {
        if (error instanceof Refused && error.status < 500 && error.status !== 429) {
          this.pending = null;
          this.running = null;
          this.told("refused", error.message, error.state);
          return;
        }
        this.told("waiting");
        const wait = WAIT_AFTER_FAILURE_MS[Math.min(failures++, WAIT_AFTER_FAILURE_MS.length - 1)];
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
    this.running = null;
    this.told("saved");
  }

  // Waits for what is being saved, then locks.
  async lock() {
    while (this.running) await this.running;
    const stored = await this.ask("POST", `${this.path}/lock`, { version: this.version });
    this.take(stored);
    return stored;
  }
}
