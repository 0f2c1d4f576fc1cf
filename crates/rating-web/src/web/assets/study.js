// A case of a reader study: graded alone, or with the system's answer where the
// session has it; then submitted for good.

import { made, row } from "./answer.js";
import { api } from "./api.js";
import { Reading } from "./reading.js";
import { PairViewer } from "./viewer.js";
import { Work } from "./work.js";

const $ = (selector) => document.querySelector(selector);
const screen = $("#screen");
const ask = api(screen.dataset.csrf);
const { path, home } = screen.dataset;
const form = $("#reading");

const SAID = {
  saved: "Saved",
  saving: "Saving ...",
  waiting: "Not saved yet: no connection. Trying again ...",
};

let task;
let reading;
let viewer;
let work;

async function begin() {
  task = await ask("GET", `${path}/case`);
  if (task.state !== "read") {
    location.replace(home);
    return;
  }
  const { session, images } = task;
  $("#progress").textContent = `Session ${session.number} of ${session.of}: ${session.done} of ${session.total} read`;
  reading = new Reading(ask, `${path}/items/${task.item}`, task.reading, told);
  work = new Work(task.reading.active, task.reading.left, task.idle_seconds);
  viewer = new PairViewer([...document.querySelectorAll("#screen > .pair .view")], images, () => {});
  viewer.rois = images.map((image) => image.roi);
  viewer.locked = true;
  show();
  await viewer.load();
  if (task.answer) await showAnswer(task.answer);
  told("saved");
  setInterval(clock, 1000);
  if (task.next) {
    // So that the next case opens at once.
    for (const { modality } of images) new Image().src = `${path}/items/${task.next}/images/${modality}`;
  }
}

function show() {
  const { grades } = reading.body;
  viewer.draw();
  for (const group of form.querySelectorAll(".grades")) {
    const grade = grades[Number(group.dataset.measurement)];
    for (const input of group.querySelectorAll("input")) input.checked = Number(input.value) === grade;
  }
  const waits = task.arm.shows !== "nothing" && !task.answer;
  $("#show").hidden = !waits;
  form.querySelector("button.main").hidden = waits;
}

function told(state, sentence, stored) {
  $("#saved").textContent = SAID[state] ?? sentence;
  $("#saved").className = state;
  if (state !== "refused") return;
  $("#problem").textContent = sentence;
  if (stored) {
    // Another window was faster: what it saved stands, and is shown.
    reading.take(stored);
    reading.done = [];
    reading.undone = [];
    show();
  }
}

function clock() {
  const seconds = Math.round(work.active / 1000);
  const limit = task.seconds_a_case;
  $("#clock").textContent = limit ? `${seconds} of ${limit} s` : "";
  $("#clock").className = limit && seconds > limit ? "wrong" : "";
}

function grade(measurement, value) {
  const input = form.querySelector(`.grades[data-measurement="${measurement}"] input[value="${value}"]`);
  if (!input || reading.locked) return;
  $("#problem").textContent = "";
  work.note(`grade-${measurement}-${value}`);
  const grades = reading.body.grades.map((old, index) => (index === measurement ? value : old));
  reading.change({ grades, effort: work.soFar() });
  show();
}

// Saves how long it took, so that what is locked next knows.
async function settle() {
  reading.change({ effort: work.soFar() }, true);
  while (reading.running) await reading.running;
}

async function submit() {
  if (!$("#show").hidden) return reveal();
  await once(async () => {
    await settle();
    await reading.lock();
    location.reload();
  });
}

async function reveal() {
  if ($("#show").hidden) return;
  await once(async () => {
    work.note("answer-asked");
    await settle();
    task = await ask("POST", `${path}/items/${task.item}/show`, { version: reading.version });
    reading.take(task.reading);
    // What was given alone is locked: undo does not reach behind it.
    reading.done = [];
    reading.undone = [];
    await showAnswer(task.answer);
    show();
  });
}

let busy = false;
async function once(action) {
  if (busy || !reading) return;
  busy = true;
  $("#problem").textContent = "";
  try {
    await action();
  } catch (error) {
    told("refused", error.message, error.state ?? undefined);
  }
  busy = false;
}

async function showAnswer(answer) {
  const section = $("#answer");
  section.hidden = false;
  screen.classList.add("with-answer");
  section.querySelector("#watermark").textContent = answer.watermark ?? "";
  section.querySelector("#answer-state").textContent = "";
  section.querySelector("#told").replaceChildren(table(answer));
  const figures = [...section.querySelectorAll(".view")];
  const shown = answer.maps.map((map) => map.modality);
  for (const figure of figures) figure.hidden = !shown.includes(figure.dataset.modality);
  section.querySelector("label").hidden = shown.length === 0;
  if (shown.length > 0) {
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

const actions = {
  fit: () => viewer.fit(),
  actual: () => viewer.actual(),
  reset: () => {
    viewer.adjust = { brightness: 0, contrast: 0 };
    $("#brightness").value = 0;
    $("#contrast").value = 0;
    viewer.fit();
  },
  hide: () => {
    viewer.hidden = !viewer.hidden;
    work.note(viewer.hidden ? "overlay-hidden" : "overlay-shown");
    viewer.draw();
  },
  undo: () => {
    reading.undo();
    show();
  },
  redo: () => {
    reading.redo();
    show();
  },
};

function pause() {
  work.paused = true;
  work.note("paused");
  screen.classList.add("is-paused");
  $("#paused").showModal();
}

$("#paused").addEventListener("close", () => {
  work.paused = false;
  work.note("resumed");
  screen.classList.remove("is-paused");
});

screen.addEventListener("click", (event) => {
  const action = event.target.closest("[data-do]")?.dataset.do;
  if (action && viewer) actions[action]();
});
form.addEventListener("change", (event) => {
  const group = event.target.closest(".grades");
  if (group) grade(Number(group.dataset.measurement), Number(event.target.value));
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
$("#show").addEventListener("click", reveal);
$("#pause").addEventListener("click", pause);
$("#keys-button").addEventListener("click", () => $("#keys").showModal());
$("#opacity").addEventListener("input", (event) => {
  viewer.opacity = Number(event.target.value) / 100;
  viewer.draw();
});
for (const name of ["brightness", "contrast"]) {
  $(`#${name}`).addEventListener("input", (event) => {
    viewer.adjust[name] = Number(event.target.value);
    viewer.draw();
  });
}

document.addEventListener("keydown", (event) => {
  if (!viewer || event.ctrlKey || event.metaKey || $("#keys").open || $("#paused").open) return;
  const digit = /^Digit([0-9])$/.exec(event.code) ?? /^Numpad([0-9])$/.exec(event.code);
  if (digit) {
    event.preventDefault();
    grade(event.shiftKey ? 1 : 0, Number(digit[1]));
    return;
  }
  if (event.key === "Enter" && event.target.matches("button, a, select, summary")) return;
  const middle = () => [viewer.views[0].width / 2, viewer.views[0].height / 2];
  const act = {
    z: event.shiftKey ? actions.redo : actions.undo,
    h: actions.hide,
    v: reveal,
    f: actions.fit,
    o: actions.actual,
    p: pause,
    "+": () => viewer.zoom(1.25, ...middle()),
    "-": () => viewer.zoom(0.8, ...middle()),
    "?": () => $("#keys").showModal(),
    enter: submit,
  }[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

addEventListener("beforeunload", (event) => {
  if (reading && !reading.isSaved) event.preventDefault();
});

begin().catch((error) => {
  $("#saved").textContent = error.message;
  $("#saved").className = "refused";
});
