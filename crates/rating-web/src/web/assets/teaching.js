// A lesson: a settled pair is graded; then its truth stands beside the grades,
// with what its readers said.

import { made, row } from "./answer.js";
import { api } from "./api.js";
import { $, failed, Grading } from "./grading.js";

const screen = $("#screen");
const ask = api(screen);
const { path, level } = screen.dataset;

const STAGES = { first: "first reading", consensus: "second reading", adjudication: "decision" };

let lesson;
let isTold = false;
const grading = new Grading({ submit });

async function begin() {
  lesson = await ask("GET", `${path}/lesson?level=${level}`);
  if (lesson.state !== "read") return nothing(lesson.next);
  await grading.open(ask, `${path}/answers/${lesson.answer}`, lesson);
  grading.told("saved");
}

function nothing(next) {
  screen.hidden = true;
  const again = next ? ` The next case comes back on ${day(next)}.` : "";
  $("#when").textContent = `Nothing is due here now.${again}`;
  $("#nothing").hidden = false;
  $("#nothing").focus();
}

const day = (moment) => moment.slice(0, 10);

async function submit() {
  if (isTold) return location.reload();
  await grading.once(async () => {
    tell(await grading.lockBy((version) => ask("POST", `${path}/answers/${lesson.answer}/lock`, { version })));
  });
}

function tell(told) {
  isTold = true;
  grading.reading.locked = true;
  for (const group of document.querySelectorAll(".grades")) group.disabled = true;
  $("#saved").textContent = told.right ? "Right" : "Not right";
  $("#saved").className = told.right ? "saved" : "waiting";
  $("#reading .main").textContent = "Next (Enter)";
  $("#truth").replaceChildren(...truth(told));
  $("#truth").hidden = false;
  screen.classList.add("with-said");
  grading.viewer.refit();
  // A screen reader goes on here; Enter still leads to the next case.
  $("#truth").focus();
}

function* truth(told) {
  yield made("h2", told.right ? "Right" : "Not right");
  if (told.watermark) yield paragraph(told.watermark, "doubt");
  yield table(told);
  for (const { name, truth, meaning, readers } of told.measurements) {
    yield paragraph(`Grade ${truth} of ${plain(name)}${meaning ? `: ${meaning}` : ""}. ${readers}.`);
  }
  yield paragraph(`${told.settled} Difficulty: ${told.difficulty}.`);
  yield readings(told);
  const back = told.comes_back ? `It comes back on ${day(told.comes_back)}.` : "It does not come back.";
  yield paragraph(`Pair ${told.code}. ${back} Research use only, not for diagnosis.`, "aside");
}

const plain = (name) => name.replaceAll("_", " ");

const paragraph = (text, kind = "") => made("p", text, kind);

function table(told) {
  const head = row("th", ["Measurement", "You", "Truth", "Yours is"], "col");
  const body = told.measurements.map(({ name, own, truth, sentence }) => row("td", [plain(name), own, truth, sentence], null));
  if (told.combined) body.push(row("td", ["combined grade", told.combined.own, told.combined.truth, ""], null));
  return whole("Your grades beside the truth", head, body);
}

// What each reader said, as a letter that means nothing on another pair.
function readings(told) {
  const head = row("th", ["Reader", "Grades", "Comment"], "col");
  const body = told.readers.map(({ who, stage, grades, comment }) =>
    row("td", [`${who}, ${STAGES[stage]}`, grades?.join(", ") ?? "cannot grade", comment || "-"], null),
  );
  return whole("What its readers said", head, body);
}

function whole(caption, head, body) {
  const all = made("table");
  all.append(made("caption", caption), made("thead"), made("tbody"));
  all.tHead.append(head);
  all.tBodies[0].append(...body);
  return all;
}

begin().catch(failed);
