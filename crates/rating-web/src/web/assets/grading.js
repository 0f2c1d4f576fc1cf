// A case that is graded by keys, with rectangles that stay: what the screens of
// studies and of lessons have in common.

import { digitOf, leaveGradesAfterTheMouse } from "./keys.js";
import { Reading } from "./reading.js";
import { complain, sayWhetherSaved } from "./saved.js";
import { PairViewer } from "./viewer.js";
import { Work } from "./work.js";

export const $ = (selector) => document.querySelector(selector);

export class Grading {
  // `submit()` is what Enter does, `shown()` follows every change of the grades
  // on the screen, `keys` are those that only one of the screens has.
  constructor({ submit, shown = () => {}, keys = {} }) {
    Object.assign(this, { submit, shown, keys, reading: null, viewer: null, work: null, busy: false });
    this.form = $("#reading");
    // Why a case cannot be graded; not every screen takes this for an answer.
    this.cannot = $("#cannot");
    this.screen = $("#screen");
    this.#listen();
  }

  // A case whose answer is saved at `path`.
  async open(ask, path, { reading, images, idle_seconds }) {
    this.reading = new Reading(ask, path, reading, (...said) => this.told(...said));
    this.work = new Work(reading.active, reading.left, idle_seconds);
    this.viewer = new PairViewer([...document.querySelectorAll("#screen > .pair .view")], images, () => {});
    this.viewer.rois = images.map((image) => image.roi);
    this.viewer.locked = true;
    this.show();
    await this.viewer.load();
  }

  show() {
    const { grades, cannot } = this.reading.body;
    this.viewer.draw();
    if (this.cannot) this.cannot.value = cannot ?? "";
    this.form.classList.toggle("cannot-grade", Boolean(cannot));
    for (const group of this.form.querySelectorAll(".grades")) {
      const grade = grades[Number(group.dataset.measurement)];
      for (const input of group.querySelectorAll("input")) input.checked = Number(input.value) === grade;
    }
    this.shown();
  }

  told(state, sentence, stored) {
    sayWhetherSaved($("#saved"), state, sentence);
    if (state !== "refused") return;
    $("#problem").textContent = sentence;
    // Another window was faster: what it saved stands, and is shown.
    if (stored) this.take(stored);
  }

  // What the server has now; undo does not reach behind it.
  take(stored) {
    this.reading.take(stored);
    this.reading.done = [];
    this.reading.undone = [];
    this.show();
  }

  grade(measurement, value) {
    const input = this.form.querySelector(`.grades[data-measurement="${measurement}"] input[value="${value}"]`);
    if (!input || this.reading.locked) return;
    $("#problem").textContent = "";
    this.work.note(`grade-${measurement}-${value}`);
    const grades = this.reading.body.grades.map((old, index) => (index === measurement ? value : old));
    this.reading.change({ grades, ...(this.cannot && { cannot: null }), effort: this.work.soFar() });
    this.show();
  }

  // Why it cannot be graded; null where it can.
  refuse(cannot) {
    if (this.reading.locked) return;
    $("#problem").textContent = "";
    this.work.note(cannot ? `cannot-${cannot}` : "can-be-graded");
    this.reading.change({ cannot, effort: this.work.soFar() });
    this.show();
  }

  // Has `post(version)` lock what is on the screen, with how long it took.
  lockBy(post) {
    this.reading.change({ effort: this.work.soFar() }, true);
    return this.reading.lockBy(post);
  }

  // Does one thing at a time, and says why it was refused.
  async once(action) {
    if (this.busy || !this.reading) return;
    this.busy = true;
    $("#problem").textContent = "";
    try {
      await action();
    } catch (error) {
      if (error.state) this.told("refused", error.message, error.state);
      complain($("#problem"), error);
    }
    this.busy = false;
  }

  #actions = {
    fit: () => this.viewer.fit(),
    actual: () => this.viewer.actual(),
    enlarge: () => this.viewer.fitRois(),
    reset: () => {
      this.viewer.adjust = { brightness: 0, contrast: 0 };
      $("#brightness").value = 0;
      $("#contrast").value = 0;
      this.viewer.fit();
    },
    hide: () => {
      this.viewer.hidden = !this.viewer.hidden;
      this.work.note(this.viewer.hidden ? "overlay-hidden" : "overlay-shown");
      this.viewer.draw();
    },
    undo: () => {
      this.reading.undo();
      this.show();
    },
    redo: () => {
      this.reading.redo();
      this.show();
    },
  };

  #pause() {
    this.work.paused = true;
    this.work.note("paused");
    this.screen.classList.add("is-paused");
    $("#paused").showModal();
  }

  #resume() {
    this.work.paused = false;
    this.work.note("resumed");
    this.screen.classList.remove("is-paused");
  }

  #listen() {
    this.screen.addEventListener("click", (event) => {
      const action = event.target.closest("[data-do]")?.dataset.do;
      if (action && this.viewer) this.#actions[action]();
    });
    this.form.addEventListener("change", (event) => {
      const group = event.target.closest(".grades");
      if (group) this.grade(Number(group.dataset.measurement), Number(event.target.value));
      if (event.target === this.cannot) this.refuse(event.target.value || null);
    });
    leaveGradesAfterTheMouse(this.form);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    $("#pause").addEventListener("click", () => this.#pause());
    $("#paused").addEventListener("close", () => this.#resume());
    $("#keys-button").addEventListener("click", () => $("#keys").showModal());
    for (const name of ["brightness", "contrast"]) {
      $(`#${name}`).addEventListener("input", (event) => {
        this.viewer.adjust[name] = Number(event.target.value);
        this.viewer.draw();
      });
    }
    document.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("beforeunload", (event) => {
      if (this.reading && !this.reading.isSaved) event.preventDefault();
    });
  }

  #key(event) {
    if (!this.viewer || event.ctrlKey || event.metaKey || $("#keys").open || $("#paused").open) return;
    const digit = digitOf(event);
    if (digit !== null) {
      event.preventDefault();
      this.grade(event.shiftKey ? 1 : 0, digit);
      return;
    }
    // Nobody submits by choosing a reason: Enter goes on to the button that does.
    if (event.key === "Enter" && event.target === this.cannot) setTimeout(() => this.form.querySelector("button:not([hidden])").focus());
    if (event.key === "Escape" && event.target === this.cannot) event.target.blur();
    if (event.key === "Enter" && event.target.matches("button, a, select, summary")) return;
    // Held down, it would submit one case after the other.
    if (event.key === "Enter" && event.repeat) return event.preventDefault();
    const middle = () => [this.viewer.views[0].width / 2, this.viewer.views[0].height / 2];
    const act = {
      z: event.shiftKey ? this.#actions.redo : this.#actions.undo,
      h: this.#actions.hide,
      f: this.#actions.fit,
      o: this.#actions.actual,
      e: this.#actions.enlarge,
      p: () => this.#pause(),
      "+": () => this.viewer.zoom(1.25, ...middle()),
      "-": () => this.viewer.zoom(0.8, ...middle()),
      x: () => this.cannot?.focus(),
      "?": () => $("#keys").showModal(),
      enter: () => this.submit(),
      ...this.keys,
    }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

// Says why there is nothing to grade.
export function failed(error) {
  $("#saved").textContent = error.message;
  $("#saved").className = "refused";
}
