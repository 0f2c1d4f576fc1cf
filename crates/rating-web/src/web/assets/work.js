// How long somebody works on a case: idle times, other windows and pauses do not count.

const TICK_MS = 250;
const ACTS = ["pointermove", "pointerdown", "keydown", "wheel"];
const MOST_EVENTS = 500;

export class Work {
  constructor(active, left, idleSeconds) {
    Object.assign(this, { active, left, idleMs: idleSeconds * 1000 });
    this.began = performance.now();
    this.tick = this.began;
    this.acted = this.began;
    this.paused = false;
    this.works = true;
    this.events = [];
    for (const act of ACTS) document.addEventListener(act, () => (this.acted = performance.now()), { passive: true });
    addEventListener("blur", () => {
      this.left += 1;
      this.note("focus-lost");
    });
    addEventListener("focus", () => this.note("focus-back"));
    setInterval(() => this.#count(), TICK_MS);
  }

  #count() {
    const now = performance.now();
    const works = !this.paused && document.hasFocus() && !document.hidden && now - this.acted < this.idleMs;
    // A machine that slept is no work either: a tick counts at most twice its length.
    if (works) this.active += Math.min(now - this.tick, 2 * TICK_MS);
    if (works !== this.works) this.note(works ? "works" : "rests");
    this.works = works;
    this.tick = now;
  }

  note(word) {
    this.events.push([Math.round(performance.now() - this.began), word]);
    if (this.events.length > MOST_EVENTS) this.events.shift();
  }

  // What is told with every change.
  soFar() {
    this.#count();
    return { active: Math.round(this.active), left: this.left, events: [...this.events] };
  }
}
