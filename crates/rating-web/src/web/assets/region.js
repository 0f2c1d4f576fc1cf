// The part of a screen that is kept: a rectangle drawn on a picture of it, or
// typed.

import { make } from "./make.js";

const SIDES = ["left", "top", "right", "bottom"];

export class RegionEditor {
  // `kept` is [left, top, right, bottom], or null where nobody has said; `save(kept)` stores it.
  constructor({ width, height, url, kept, label, save }) {
    this.size = [width, height];
    this.kept = kept ?? [0, 0, width, height];
    this.save = save;
    this.image = new Image();
    this.image.addEventListener("load", () => this.draw());
    this.image.src = url;
    this.canvas = make("canvas", { width, height });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `Picture of ${width} x ${height} pixels with the region that is kept`);
    this.inputs = SIDES.map((side, index) => {
      const input = make("input", { type: "number", min: 0, max: this.size[index % 2], value: this.kept[index] });
      input.addEventListener("input", () => {
        this.kept[index] = Math.round(Number(input.value));
        this.draw();
      });
      return input;
    });
    this.said = make("p", { className: kept ? "aside" : "doubt" }, kept ? "This region is kept." : "Not said yet.");
    const whole = make("button", { type: "button" }, "Keep the whole picture");
    whole.addEventListener("click", () => this.set([0, 0, width, height], true));
    const keep = make("button", { type: "button" }, "Keep this region");
    keep.addEventListener("click", () => this.store());
    const sides = SIDES.map((side, index) => make("label", {}, side, this.inputs[index]));
    const fields = make("fieldset", {}, make("legend", {}, label), make("div", { className: "sides" }, ...sides));
    fields.append(make("p", {}, keep, " ", whole), this.said);
    this.element = make("div", { className: "region" }, this.canvas, fields);
    this.pointer();
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
      this.set([...low, ...high], false);
    });
    this.canvas.addEventListener("pointerup", () => (from = null));
  }

  set(kept, isFinal) {
    this.kept = kept;
    this.inputs.forEach((input, index) => (input.value = kept[index]));
    this.draw();
    if (isFinal) this.store();
  }

  async store() {
    try {
      await this.save([...this.kept]);
      this.said.textContent = "This region is kept.";
      this.said.className = "aside";
    } catch (error) {
      this.said.textContent = error.message;
      this.said.className = "wrong";
    }
  }

  draw() {
    const context = this.canvas.getContext("2d");
    const [width, height] = this.size;
    const [left, top, right, bottom] = this.kept;
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
