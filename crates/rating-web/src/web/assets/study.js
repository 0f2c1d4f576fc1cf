// A case of a reader study: graded alone, or with the system's answer where the
// session has it; then submitted for good.

import { made, row } from "./answer.js";
import { api } from "./api.js";
import { $, failed, Grading } from "./grading.js";

const screen = $("#screen");
const ask = api(screen);
const { path, home } = screen.dataset;

let task;
const grading = new Grading({ submit, shown, keys: { v: reveal } });

async function begin() {
  task = await ask("GET", `${path}/case`);
  if (task.state !== "read") {
    location.replace(home);
    return;
  }
  const { session, images } = task;
  $("#progress").textContent = `Session ${session.number} of ${session.of}: ${session.done} of ${session.total} read`;
  $("#may-refuse").hidden = !task.cannot_grade;
  await grading.open(ask, `${path}/items/${task.item}`, task);
  if (task.answer) await showAnswer(task.answer);
  grading.told("saved");
  setInterval(clock, 1000);
  if (task.next) {
    // So that the next case opens at once.
    for (const { modality } of images) new Image().src = `${path}/items/${task.next}/images/${modality}`;
  }
}

function shown() {
  const waits = task.arm.shows !== "nothing" && !task.answer;
  $("#show").hidden = !waits;
  $("#reading button.main").hidden = waits;
}

function clock() {
  const seconds = Math.round(grading.work.active / 1000);
  const limit = task.seconds_a_case;
  $("#clock").textContent = limit ? `${seconds} of ${limit} s` : "";
  $("#clock").className = limit && seconds > limit ? "wrong" : "";
}

async function submit() {
  if (!$("#show").hidden) return reveal();
  await grading.once(async () => {
    await grading.lockBy((version) => ask("POST", `${path}/items/${task.item}/lock`, { version }));
    location.reload();
  });
}

async function reveal() {
  if ($("#show").hidden) return;
  await grading.once(async () => {
    grading.work.note("answer-asked");
    task = await grading.lockBy((version) => ask("POST", `${path}/items/${task.item}/show`, { version }));
    // What was given alone is locked.
    grading.take(task.reading);
    await showAnswer(task.answer);
  });
}

async function showAnswer(answer) {
  const { viewer } = grading;
  const section = $("#answer");
  section.hidden = false;
  screen.classList.add("with-answer");
  section.querySelector("#watermark").textContent = answer.watermark ?? "";
  section.querySelector("#answer-state").textContent = "";
  const told = section.querySelector("#told");
  told.replaceChildren(table(answer));
  // The last word is given beside the answer, without scrolling.
  told.before(grading.form);
  const figures = [...section.querySelectorAll(".view")];
  const explained = answer.maps.map((map) => map.modality);
  for (const figure of figures) figure.hidden = !explained.includes(figure.dataset.modality);
  section.querySelector("label").hidden = explained.length === 0;
  if (explained.length > 0) {
    const maps = viewer.addMaps(figures);
    await Promise.allSettled(
      maps.map(async (map) => {
        const url = answer.maps.find((one) => one.modality === map.figure.dataset.modality)?.url;
        map.figure.querySelector(".caption").textContent = answer.caption ?? "";
        map.watermark = (answer.watermark ?? "").split(":")[0];
        if (!url) return;
        const veil = new Image();
        veil.src = url;
        await veil.decode();
        map.veil = veil;
        map.roi = task.images[map.index].roi;
      }),
    );
  }
  viewer.draw();
}

// Grades and votes, a row for each measurement.
function table(answer) {
  const head = row("th", ["Measurement", "Grade", "Votes", "How the models voted"], "col");
  const body = answer.measurements.map((measurement) => {
    const name = measurement.name.replaceAll("_", " ");
    const meaning = measurement.meaning ? ` Grade ${measurement.grade}: ${measurement.meaning}.` : "";
    return row("td", [name, measurement.grade ?? "-", measurement.votes.join(" "), measurement.sentence + meaning], null);
  });
  if (answer.combined !== null) body.push(row("td", ["combined grade", answer.combined, "", "the highest of the grades"], null));
  const whole = made("table");
  whole.append(made("caption", "Research use only, not for diagnosis"), made("thead"), made("tbody"));
  whole.tHead.append(head);
  whole.tBodies[0].append(...body);
  return whole;
}

$("#show").addEventListener("click", reveal);
$("#opacity").addEventListener("input", (event) => {
  grading.viewer.opacity = Number(event.target.value) / 100;
  grading.viewer.draw();
});

begin().catch(failed);
