// A small picture that shows the whole one, pixel for pixel, when it is pressed.

import { make } from "./make.js";

export class Thumbnail {
  constructor() {
    this.picture = make("img", { alt: "", loading: "lazy" });
    this.whole = "";
    this.element = make("button", { type: "button", className: "thumbnail" }, this.picture);
    this.element.addEventListener("click", () => enlarge(this.whole, this.picture.alt));
  }

  show(small, whole, words) {
    this.whole = whole;
    this.picture.src = small;
    this.picture.alt = words;
    this.element.title = "Enlarge";
  }
}

function enlarge(url, words) {
  const picture = make("img", { src: url, alt: words });
  // Larger than the window it is scrolled, by keys too.
  const frame = make("div", { className: "frame", tabIndex: 0 }, picture);
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", words);
  const close = make("form", { method: "dialog" }, make("p", {}, words), make("button", {}, "Close"));
  const dialog = make("dialog", { className: "enlarged" }, close, frame);
  dialog.setAttribute("aria-label", words);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
