// The reading screen: one pair, its rectangles, its grades.

import { Answer } from "./answer.js";
import { api } from "./api.js";
import { digitOf, leaveGradesAfterTheMouse } from "./keys.js";
import { Reading } from "./reading.js";
import { complain, sayWhetherSaved } from "./saved.js";
import { areOne, PairViewer } from "./viewer.js";

const $ = (selector) => document.querySelector(selector);
const screen = $("#screen");
const ask = api(screen);
// Where the reading is kept, which list the pair comes from, what pages of that list begin with.
const { path, home, page } = screen.dataset;
const form = $("#reading");

let reading;
let viewer;
let answer = null;
let after;

async function begin() {
  const pair = await ask("GET", path);
  after = pair.next;
  $("#progress").textContent = `${pair.progress.locked} of ${pair.progress.all} read`;
  reading = new Reading(ask, path, pair.reading, told);
  viewer = new PairViewer([...document.querySelectorAll(".view")], pair.images, (rois, quietly) => {
    $("#problem").textContent = "";
    reading.change({ rois }, quietly);
  });
  viewer.refused = (sentence) => ($("#problem").textContent = sentence);
  // In a second reading: what the others drew.
  viewer.others = (pair.readings ?? []).map((one) => one.body.rois);
  pair.images.forEach((image, index) => {
    document.querySelectorAll(".view .size")[index].textContent = ` ${image.width} x ${image.height}`;
  });
  if ($("#answer")) answer = new Answer(ask, screen.dataset.code, $("#answer"), viewer);
  show();
  share(areOne(viewer.rois));
  await viewer.load();
  told("saved");
  prefetch();
}

// The next pair's images, so that it opens at once. Not its reading: asking for
// that begins it, and when a reading was begun is kept. Nor anything else: what
// the system says about a pair is asked for by hand only.
async function prefetch() {
  if (!after) return;
  const url = (modality) => `/api/v1/pairs/${after}/images/${modality}`;
  for (const figure of document.querySelectorAll(".view")) new Image().src = url(figure.dataset.modality);
}

// Whether a rectangle is drawn on all images: not where they have different ones,
// which would become one unseen.
function share(shared) {
  viewer.shared = shared;
  $("#shared").checked = shared;
}

// Puts the reading as it stands on the screen.
function show() {
  const { body, locked } = reading;
  viewer.rois = body.rois;
  viewer.locked = locked !== null;
  if (viewer.locked) viewer.drawing = false;
  $("[data-do=draw]").closest("fieldset").disabled = viewer.locked;
  viewer.draw();
  for (const group of form.querySelectorAll(".grades")) {
    const grade = body.grades[Number(group.dataset.measurement)];
    for (const input of group.querySelectorAll("input")) input.checked = Number(input.value) === grade;
  }
  $("#cannot").value = body.cannot ?? "";
  // Not while it says the same: the cursor would jump.
  if ($("#comment").value !== body.comment) $("#comment").value = body.comment;
  for (const field of form.querySelectorAll("fieldset, select, textarea, button:not([data-do])")) field.disabled = locked !== null;
  form.classList.toggle("cannot-grade", body.cannot !== null);
  $("[data-do=draw]").setAttribute("aria-pressed", String(viewer.drawing));
  if (locked !== null) {
    $("#saved").textContent = "Locked";
    const reveal = $("[data-do=reveal]");
    if (reveal) reveal.textContent = "Show the answer (V)";
    $("#next").textContent = after ? "Next pair" : "Back to the list";
    $("#next").href = after ? page + after : home;
  }
}

function told(state, sentence, stored) {
  sayWhetherSaved($("#saved"), state === "saved" && reading.locked ? "locked" : state, sentence);
  if (state !== "refused") return;
  $("#problem").textContent = sentence;
  if (stored) {
    // Another window was faster: what it saved stands, and is shown.
    reading.take(stored);
    reading.done = [];
    reading.undone = [];
    show();
    share(areOne(viewer.rois));
  }
}

function change(fields, quietly) {
  $("#problem").textContent = "";
  reading.change(fields, quietly);
  show();
}

function grade(measurement, value) {
  const count = form.querySelectorAll(".grades").length;
  if (measurement >= count || reading.locked) return;
  if (!form.querySelector(`.grades[data-measurement="${measurement}"] input[value="${value}"]`)) return;
  change({ grades: reading.body.grades.map((old, index) => (index === measurement ? value : old)), cannot: null });
}

// Locks the reading as it is on the screen; false where that is not done.
async function locks() {
  $("#problem").textContent = "";
  try {
    await reading.lock();
    show();
    return true;
  } catch (error) {
    complain($("#problem"), error);
    if (error.state) told("refused", error.message, error.state);
    return false;
  }
}

async function lock() {
  if (reading.locked || (await locks())) location.href = after ? page + after : home;
}

// Whoever wants the answer stays on the pair.
async function reveal() {
  if (!answer || !(reading.locked || (await locks()))) return;
  await answer.reveal();
}

const actions = {
  fit: () => viewer.fit(),
  actual: () => viewer.actual(),
  enlarge: () => viewer.fitRois(),
  reset: () => {
    viewer.adjust = { brightness: 0, contrast: 0 };
    $("#brightness").value = 0;
    $("#contrast").value = 0;
    viewer.fit();
  },
  reveal: () => reveal(),
  hide: () => {
    viewer.hidden = !viewer.hidden;
    viewer.draw();
    const button = $("[data-do=hide]");
    if (button) button.textContent = viewer.hidden ? "Show overlays (H)" : "Hide overlays (H)";
  },
  draw: () => {
    if (viewer.locked) return;
    if (viewer.hidden) actions.hide();
    viewer.drawing = !viewer.drawing;
    if (viewer.rois[viewer.active] === null) viewer.placeRoi();
    viewer.focus();
    show();
  },
  undo: () => step("undo"),
  redo: () => step("redo"),
};

function step(way) {
  reading[way]();
  show();
  if (!areOne(viewer.rois)) share(false);
}

screen.addEventListener("click", (event) => {
  const action = event.target.closest("[data-do]")?.dataset.do;
  if (action && viewer) actions[action]();
});

form.addEventListener("change", (event) => {
  const group = event.target.closest(".grades");
  if (group) grade(Number(group.dataset.measurement), Number(event.target.value));
  if (event.target.id === "cannot") change({ cannot: event.target.value || null });
});

leaveGradesAfterTheMouse(form);

let typing = null;
$("#comment").addEventListener("input", (event) => {
  const quietly = typing !== null;
  clearTimeout(typing);
  typing = setTimeout(() => (typing = null), 1500);
  change({ comment: event.target.value }, quietly);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  lock();
});

for (const name of ["brightness", "contrast"]) {
  $(`#${name}`).addEventListener("input", (event) => {
    viewer.adjust[name] = Number(event.target.value);
    viewer.draw();
  });
}

$("#shared").addEventListener("change", (event) => (viewer.shared = event.target.checked));
$("#keys-button").addEventListener("click", () => $("#keys").showModal());

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

document.addEventListener("keydown", (event) => {
  if (!viewer || event.ctrlKey || event.metaKey || $("#keys").open) return;
  const target = event.target;
  const isText = target.matches("textarea, input[type=text]");
  if (event.key === "Escape" && isText) target.blur();
  if (isText) return;
  const digit = digitOf(event);
  if (digit !== null) {
    event.preventDefault();
    grade(event.shiftKey ? 1 : 0, digit);
    return;
  }
  const arrow = ARROWS[event.key];
  // Elsewhere, and where no rectangle is seen, arrows scroll.
  if (arrow && target.matches("canvas") && viewer.mayDraw) {
    event.preventDefault();
    const step = event.shiftKey ? 10 : 1;
    viewer.nudge(arrow[0] * step, arrow[1] * step, event.altKey);
    show();
    return;
  }
  // Nobody locks by choosing a reason: Enter goes on to the button that does.
  if (event.key === "Enter" && target.matches("select")) setTimeout(() => $("#reading .main").focus());
  if (event.key === "Escape" && target.matches("select")) target.blur();
  if (event.key === "Enter" && target.matches("button, a, select, summary")) return;
  const key = event.key.toLowerCase();
  // Held down, it would lock one pair after the other.
  if (key === "enter" && event.repeat) return event.preventDefault();
  const act = {
    r: actions.draw,
    z: event.shiftKey ? actions.redo : actions.undo,
    v: actions.reveal,
    h: actions.hide,
    f: actions.fit,
    o: actions.actual,
    e: actions.enlarge,
    "+": () => viewer.zoom(1.25, viewer.views[0].width / 2, viewer.views[0].height / 2),
    "-": () => viewer.zoom(0.8, viewer.views[0].width / 2, viewer.views[0].height / 2),
    x: () => $("#cannot").focus(),
    c: () => $("#comment").focus(),
    "?": () => $("#keys").showModal(),
    enter: lock,
  }[key];
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
