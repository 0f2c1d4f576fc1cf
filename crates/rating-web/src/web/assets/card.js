// One pair of the contact sheet: its images side by side, and what is said about it.

import { make } from "./make.js";

function choice(options, value) {
  const select = make("select");
  for (const [word, text] of options) select.append(make("option", { value: word }, text));
  select.value = value ?? "";
  return select;
}

export class Card {
  // `proposal` is null for a pair that a person puts together.
  constructor(sheet, url, proposal, changed) {
    this.sheet = sheet;
    this.url = url;
    this.mode = proposal?.doppler_mode ?? "";
    this.take = make("input", { type: "checkbox", checked: true });
    this.name = make("input", { value: proposal?.name ?? "", maxLength: 100, required: true });
    this.patient = make("input", { value: proposal?.patient ?? "", maxLength: 100 });
    this.unit = choice([["", "not known"], ...sheet.units.map((unit) => [unit, unit])], proposal?.unit);
    const sides = [["", "not known"], ["left", "left"], ["right", "right"]];
    this.side = choice(sides, proposal?.side);
    this.selects = sheet.modalities.map((_, index) => this.fileChoice(proposal?.files[index]));
    this.pictures = this.selects.map(() => make("img", { alt: "" }));
    this.problem = make("p", { className: "wrong" });
    this.problem.setAttribute("role", "alert");
    this.element = make("li", {}, ...this.parts(proposal));
    const redo = () => {
      this.show();
      changed();
    };
    for (const field of [this.take, ...this.selects]) field.addEventListener("change", redo);
    this.show();
  }

  parts(proposal) {
    const files = this.selects.map((select, index) =>
      make("div", {}, this.pictures[index], make("label", {}, this.sheet.modalities[index], select)),
    );
    const swap = make("button", { type: "button" }, "Swap images");
    swap.addEventListener("click", () => {
      const values = this.selects.map((select) => select.value).reverse();
      this.selects.forEach((select, index) => (select.value = values[index]));
      this.selects[0].dispatchEvent(new Event("change"));
    });
    const doubts = (proposal?.doubts ?? []).map((doubt) => make("p", { className: "doubt" }, doubt));
    return [
      make("label", { className: "take" }, this.take, "Take this pair"),
      make("div", { className: "two" }, ...files),
      make("p", { className: "aside" }, proposal ? `Proposed: ${proposal.why}. ` : "Put together by hand. ", swap),
      ...doubts,
      make("div", { className: "two" }, make("label", {}, "Name", this.name), make("label", {}, "Patient", this.patient)),
      make("div", { className: "two" }, make("label", {}, "Joint", this.unit), make("label", {}, "Side", this.side)),
      this.problem,
    ];
  }

  fileChoice(number) {
    const files = this.sheet.files.filter((file) => file.known_in === null && file.same_as === null);
    const options = files.map((file) => [String(file.number), file.name]);
    return choice([["", "choose a file"], ...options], number === undefined ? "" : String(number));
  }

  show() {
    this.selects.forEach((select, index) => {
      const picture = this.pictures[index];
      picture.hidden = select.value === "";
      if (select.value === "") return;
      picture.src = this.url(`${select.value}-small`);
      picture.alt = `${this.sheet.modalities[index]}: ${select.selectedOptions[0].textContent}`;
    });
  }

  // Numbers of the files that are chosen.
  get files() {
    return this.selects.filter((select) => select.value !== "").map((select) => Number(select.value));
  }

  get isTaken() {
    return this.take.checked;
  }

  // What the server is asked to add.
  wanted(all) {
    const [name, patient, unit, side] = [this.name, this.patient, this.unit, this.side].map((field) => field.value);
    return { ...all, name, patient, unit, side, doppler_mode: this.mode || all.doppler_mode, files: this.files };
  }
}
