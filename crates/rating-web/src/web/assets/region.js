// The part of a screen that is kept: a rectangle drawn on a picture of it, or
// typed. It is kept when a person says so; until then the editor says that what
// it shows is not, and `isShownKept` is false.

import { make } from "./make.js";

const SIDES = ["left", "top", "right", "bottom"];

export class RegionEditor {
  // `kept` is [left, top, right, bottom], or null where nobody has said; `save(kept)` stores it.
  constructor({ width, height, url, kept, label, save }) {
    this.size = [width, height];
    this.label = label;
    this.shown = kept ? [...kept] : [0, 0, width, height];
    this.kept = kept;
    this.isTouched = false; // drawn or typed on since it was kept
    this.save = save;
    this.saving = Promise.resolve();
    this.image = new Image();
    this.image.addEventListener("load", () => this.draw());
    this.image.src = url;
    this.canvas = make("canvas", { width, height });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `Picture of ${width} x ${height} pixels with the region that is kept`);
    this.inputs = SIDES.map((side, index) => {
      const input = make("input", { type: "number", min: 0, max: this.size[index % 2], value: this.shown[index] });
      input.addEventListener("input", () => {
        this.shown[index] = Math.round(Number(input.value));
        this.touch();
      });
      return input;
    });
    this.said = make("p");
    this.said.setAttribute("role", "status");
    const whole = make("button", { type: "button" }, "Keep the whole picture");
    whole.addEventListener("click", () => {
      this.set([0, 0, width, height]);
      this.store();
    });
    const keep = make("button", { type: "button" }, "Keep this region");
    keep.addEventListener("click", () => this.store());
    const sides = SIDES.map((side, index) => make("label", {}, side, this.inputs[index]));
    const fields = make("fieldset", {}, make("legend", {}, label), make("div", { className: "sides" }, ...sides));
    fields.append(make("p", {}, keep, " ", whole), this.said);
    this.element = make("div", { className: "region" }, this.canvas, fields);
    this.pointer();
    this.tell();
    this.draw();
  }

  pointer() {
    let from = null;
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      return place.map((share, axis) => Math.round(Math.min(1, Math.max(0, share)) * this.size[axis]));
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      from = at(event);
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      const to = at(event);
      const low = from.map((value, axis) => Math.min(value, to[axis]));
      const high = from.map((value, axis) => Math.max(value, to[axis]));
      this.set([...low, ...high]);
    });
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => (from = null));
  }

  // Whether what it shows is what is kept of pictures.
  get isShownKept() {
    return this.kept !== null && String(this.kept) === String(this.shown);
  }

  // Whether a person has drawn or typed what is not kept.
  get waits() {
    return this.isTouched && !this.isShownKept;
  }

  set(shown) {
    this.shown = [...shown];
    this.inputs.forEach((input, index) => (input.value = shown[index]));
    this.touch();
  }

  touch() {
    this.isTouched = true;
    this.draw();
    this.tell();
  }

  // What is kept is something else now: another window has said so.
  replace(kept) {
    this.kept = kept;
    this.set(kept);
    this.isTouched = false;
  }

  // Stores what is shown, one after the other, so that the last one stays.
  store() {
    const shown = [...this.shown];
    this.saving = this.saving.then(() => this.keep(shown));
  }

  async keep(shown) {
    try {
      await this.save(shown);
      this.kept = shown;
      // As numbers that were typed are understood.
      if (this.isShownKept) this.inputs.forEach((input, index) => (input.value = shown[index]));
      this.tell();
    } catch (error) {
      this.say("wrong", error.message);
    }
  }

  tell() {
    if (this.isShownKept) this.say("aside", "This region is kept.");
    else if (this.waits) this.say("doubt", "Changed, not kept yet.");
    else this.say("doubt", "Not said yet.");
  }

  say(kind, words) {
    this.said.className = kind;
    // Not again and again while it is drawn.
    if (this.said.textContent !== words) this.said.textContent = words;
  }

  draw() {
    const context = this.canvas.getContext("2d");
    const [width, height] = this.size;
    const [left, top, right, bottom] = this.shown;
    context.clearRect(0, 0, width, height);
    if (this.image.complete && this.image.naturalWidth > 0) context.drawImage(this.image, 0, 0);
    context.fillStyle = "rgb(0 0 0 / 65%)";
    context.fillRect(0, 0, width, top);
    context.fillRect(0, bottom, width, height - bottom);
    context.fillRect(0, top, left, bottom - top);
    context.fillRect(right, top, width - right, bottom - top);
    context.lineWidth = Math.max(2, width / 400);
    context.strokeStyle = "#ff9d2e";
    context.strokeRect(left, top, right - left, bottom - top);
  }
}
