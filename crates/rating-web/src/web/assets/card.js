// One pair of the contact sheet: its images side by side, and what is said about it.

import { doubts } from "./doubts.js";
import { make } from "./make.js";
import { Thumbnail } from "./thumbnail.js";

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
    this.proposal = proposal;
    this.mode = proposal?.doppler_mode ?? "";
    this.take = make("input", { type: "checkbox", checked: true });
    this.name = make("input", { value: proposal?.name ?? "", maxLength: 100, required: true });
    this.patient = make("input", { value: proposal?.patient ?? "", maxLength: 100 });
    this.unit = choice([["", "not known"], ...sheet.units.map((unit) => [unit, unit])], proposal?.unit);
    const sides = [["", "not known"], ["left", "left"], ["right", "right"]];
    this.side = choice(sides, proposal?.side);
    this.selects = sheet.modalities.map((_, index) => this.fileChoice(proposal?.files[index]));
    this.thumbnails = this.selects.map(() => new Thumbnail());
    this.doubts = make("div", { className: "doubt" });
    this.doubts.setAttribute("role", "status");
    this.problem = make("p", { className: "wrong" });
    this.problem.setAttribute("role", "alert");
    this.element = make("li", {}, ...this.parts());
    const redo = () => {
      this.show();
      changed();
    };
    for (const field of [this.take, ...this.selects]) field.addEventListener("change", redo);
    for (const field of [this.unit, this.side]) field.addEventListener("change", () => this.doubt());
    this.show();
  }

  parts() {
    const files = this.selects.map((select, index) =>
      make("div", {}, this.thumbnails[index].element, make("label", {}, this.sheet.modalities[index], select)),
    );
    const swap = make("button", { type: "button" }, "Swap images");
    swap.addEventListener("click", () => {
      const values = this.selects.map((select) => select.value).reverse();
      this.selects.forEach((select, index) => (select.value = values[index]));
      this.selects[0].dispatchEvent(new Event("change"));
    });
    const why = this.proposal ? `Proposed: ${this.proposal.why}. ` : "Put together by hand. ";
    return [
      make("label", { className: "take" }, this.take, "Take this pair"),
      make("div", { className: "two" }, ...files),
      make("p", { className: "aside" }, why, swap),
      this.doubts,
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
      const thumbnail = this.thumbnails[index];
      thumbnail.element.hidden = select.value === "";
      if (select.value === "") return;
      const words = `${this.sheet.modalities[index]}: ${select.selectedOptions[0].textContent}`;
      thumbnail.show(this.url(`${select.value}-small`), this.url(select.value), words);
    });
    this.doubt();
  }

  // Says what speaks against the pair as it stands now.
  doubt() {
    const file = (number) => this.sheet.files.find((one) => String(one.number) === number) ?? null;
    const modalities = this.sheet.modalities.map((name) => ({ name, isDoppler: this.sheet.coloured.includes(name) }));
    const files = this.selects.map((select) => file(select.value));
    const now = doubts({ files, modalities, units: this.sheet.units, unit: this.unit.value, side: this.side.value });
    // Those that came with the proposal are about its files, whichever is which.
    const inOrder = (numbers) => [...numbers].sort((a, b) => a - b).join();
    const isProposed = this.proposal !== null && inOrder(this.files) === inOrder(this.proposal.files);
    const all = new Set([...now, ...(isProposed ? this.proposal.doubts : [])]);
    this.doubts.replaceChildren(...[...all].map((sentence) => make("p", {}, sentence)));
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
