// The system's answer about a pair, asked for after the own reading is locked:
// grades first, then heatmaps under the pair as they are ready.

import { Refused } from "./api.js";
import { counted } from "./words.js";

const ASK_EVERY_MS = 500;
// Where the whole answer is on the screen at once.
const WIDE = "(min-width: 70rem)";

const STEPS = { score: "Scoring", fast: "Fast heatmap", exact: "Exact heatmap" };
const HEATMAPS = {
  none: "",
  fast: " Preview of a tenth of the gradients.",
  exact: " Exact.",
};

export class Answer {
  constructor(ask, code, section, viewer) {
    Object.assign(this, { ask, section, viewer });
    this.path = `/api/v1/pairs/${code}`;
    this.isShown = false;
    this.heatmap = "none";
    this.maps = [];
    const opacity = section.querySelector("#opacity");
    opacity.addEventListener("input", () => {
      viewer.opacity = Number(opacity.value) / 100;
      viewer.draw();
    });
  }

  // Asks for the answer, and goes on asking until all of it is there.
  async reveal() {
    if (this.isShown) return;
    this.isShown = true;
    const said = await this.#patiently(() => this.ask("POST", `${this.path}/reveal`, { heatmap: true }));
    if (said === null) return;
    this.section.hidden = false;
    this.section.parentElement.classList.add("with-answer");
    this.maps = this.viewer.addMaps([...this.section.querySelectorAll(".view")]);
    this.viewer.fitRois();
    if (!matchMedia(WIDE).matches) this.section.scrollIntoView({ block: "start" });
    for (let answer = said; answer !== null; answer = await this.#next(answer)) await this.#show(answer);
  }

  // The next state of the answer; null when there is none to wait for.
  async #next(answer) {
    if (answer.work.state === "done" || answer.work.state === "failed") return null;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    // Nobody looks: the server need not compute.
    while (document.hidden) {
      await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
    }
    return this.#patiently(() => this.ask("GET", `${this.path}/answer`));
  }

  // Tries again when the connection is lost; null and a sentence when it is refused.
  async #patiently(question) {
    for (;;) {
      try {
        return await question();
      } catch (error) {
        if (error instanceof Refused && error.status < 500 && error.status !== 429) {
          this.section.hidden = false;
          this.#say(error.message);
          this.isShown = false;
          return null;
        }
        this.#say("No connection. Trying again ...");
        await new Promise((resolve) => setTimeout(resolve, 4 * ASK_EVERY_MS));
      }
    }
  }

  async #show(answer) {
    this.#say(progress(answer.work));
    if (answer.measurements) this.#showGrades(answer);
    await this.#showMaps(answer);
  }

  #showGrades(answer) {
    const watermark = this.section.querySelector("#watermark");
    watermark.textContent = answer.watermark ?? "";
    const told = this.section.querySelector("#told");
    const share = answer.coloured_share_of_roi_box;
    told.replaceChildren(
      ...(answer.conflict ? [made("p", answer.sentence, "wrong")] : []),
      table(answer),
      ...(share === null ? [] : [made("p", `Coloured share of the ROI box: ${percent(share)} (not of the synovium, and no grade).`)]),
      made("p", source(answer), "aside"),
    );
  }

  async #showMaps(answer) {
    const { state, caption } = answer.heatmap;
    for (const map of this.maps) {
      const words = caption ? `${caption}${HEATMAPS[state]}` : "No heatmap: the protocol explains no decision.";
      map.figure.querySelector(".caption").textContent = words;
      map.watermark = (answer.watermark ?? "").split(":")[0];
    }
    if (state === this.heatmap) return;
    this.heatmap = state;
    const shown = this.maps.map(async (map) => {
      const veil = new Image();
      veil.src = `${this.path}/maps/${map.figure.dataset.modality}?of=${state}`;
      await veil.decode();
      map.veil = veil;
      map.roi = answer.rois[map.index];
    });
    await Promise.allSettled(shown);
    this.viewer.draw();
  }

  #say(words) {
    const line = this.section.querySelector("#answer-state");
    if (line.textContent !== words) line.textContent = words;
  }
}

function progress(work) {
  switch (work.state) {
    case "waiting":
      return work.ahead > 0 ? `Waiting behind ${work.ahead} ...` : "Waiting ...";
    case "running":
      return `${STEPS[work.step]} ...` + (work.total > 0 ? ` ${percent(work.done / work.total)}` : "");
    case "failed":
      return work.sentence;
    default:
      return "Complete";
  }
}

// Grades, votes and probabilities: two rows for each measurement.
function table(answer) {
  const tasks = Math.max(...answer.measurements.map((measurement) => measurement.probabilities.length));
  const cutOffs = [...Array(tasks).keys()].map((above) => `P(>${above})`);
  const head = row("th", ["Measurement", "Grade", "Votes", ...cutOffs], "col");
  const body = answer.measurements.flatMap((measurement) => {
    const means = cutOffs.map((_, above) => number(measurement.probabilities[above]?.mean));
    const name = measurement.name.replaceAll("_", " ");
    const votes = row("td", [name, measurement.grade ?? "-", measurement.votes.join(" "), ...means], null);
    votes.className = "votes";
    const meaning = measurement.meaning ? ` Grade ${measurement.grade}: ${measurement.meaning}.` : "";
    return [votes, wideRow(measurement.sentence + meaning, 3 + tasks)];
  });
  if (answer.combined !== null || answer.conflict) {
    const combined = row("td", ["combined grade", answer.combined ?? "-", ""], null);
    combined.lastChild.colSpan = 1 + tasks;
    combined.lastChild.textContent = "the highest of the grades";
    body.push(combined);
  }
  const whole = made("table");
  whole.append(made("caption", "Research use only, not for diagnosis"), made("thead"), made("tbody"));
  whole.tHead.append(head);
  whole.tBodies[0].append(...body);
  return whole;
}

function wideRow(text, columns) {
  const line = made("tr");
  const cell = made("td", text, "why");
  cell.colSpan = columns;
  line.append(cell);
  return line;
}

function source(answer) {
  if (answer.origin === "canned") return "Canned answers: derived from the truth of a drawn joint, with errors.";
  return `${counted(answer.networks, "network", "networks")} of bundle ${answer.bundle.slice(0, 12)}, origin ${answer.origin}.`;
}

export function row(kind, texts, scope) {
  const line = made("tr");
  texts.forEach((text, column) => {
    const cell = made(column === 0 ? "th" : kind, String(text));
    cell.scope = scope ?? "row";
    if (column > 0 && !scope) cell.removeAttribute("scope");
    if (column === 1 && !scope) cell.className = "big";
    line.append(cell);
  });
  return line;
}

export function made(name, text = "", className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = className;
  return element;
}

const number = (value) => (value === null || value === undefined ? "-" : value.toFixed(2));
const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
