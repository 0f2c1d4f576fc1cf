// The contact sheet: pairs as they are proposed, files without a pair, regions,
// and the button that brings it all in.

import { api } from "./api.js";
import { Card } from "./card.js";
import { make } from "./make.js";
import { RegionEditor } from "./region.js";
import { Thumbnail } from "./thumbnail.js";
import { complain } from "./saved.js";
import { counted, word } from "./words.js";

// Pairs of one request: the bar moves, and a lost connection loses little.
const AT_ONCE = 8;

const $ = (selector) => document.querySelector(selector);
const page = $("#import");
const ask = api(page);
const here = `/api/v1/imports/${page.dataset.import}`;
const url = (name) => `${here}/images/${name}.png`;
const told = $("#told");

let sheet;
let cards = [];
// By device and size: what was drawn and not stored yet stays.
const editors = new Map();
// Those of the pairs that are taken: on the screen.
let shown = [];

async function load() {
  sheet = { ...(await ask("GET", here)), coloured: page.dataset.coloured.split(" ") };
  // What was left out is not taken because the sheet is laid out anew.
  const left = new Set(cards.filter((card) => !card.isTaken).map((card) => card.files.join()));
  cards = [];
  $("#pairs").replaceChildren();
  for (const proposal of sheet.pairs) add(proposal).take.checked = !left.has(proposal.files.join());
  const chosen = readersChosen();
  const readers = sheet.readers.map((name) =>
    make("label", {}, make("input", { type: "checkbox", name: "reader", value: name, checked: chosen.includes(name) }), name),
  );
  $("#readers").replaceChildren(...(readers.length ? readers : ["There are no readers yet."]));
  refresh();
}

const readersChosen = () => [...document.querySelectorAll("[name=reader]:checked")].map((box) => box.value);

function add(proposal) {
  const card = new Card(sheet, url, proposal ?? null, refresh);
  cards.push(card);
  $("#pairs").append(card.element);
  return card;
}

// What depends on the cards: files that are left, and sizes that need a region.
function refresh() {
  const used = new Set(cards.filter((card) => card.isTaken).flatMap((card) => card.files));
  const rest = sheet.files.filter((file) => !used.has(file.number)).map(single);
  $("#rest").replaceChildren(...(rest.length ? rest : [make("li", {}, "None.")]));
  regions(used);
}

function single(file) {
  const thumbnail = new Thumbnail();
  thumbnail.show(url(`${file.number}-small`), url(file.number), file.name);
  const twin = sheet.files.find((other) => other.number === file.same_as);
  const why = file.known_in
    ? `These pixels are in the room already, in pair ${file.known_in}.`
    : twin
      ? `The same pixels as ${twin.name}.`
      : "";
  const facts = `${file.width} x ${file.height}, ${(100 * file.coloured).toFixed(1)} % of it coloured`;
  return make("li", {}, thumbnail.element, make("p", {}, file.name), make("p", { className: "aside" }, facts), make("p", { className: "doubt" }, why));
}

function regions(used) {
  const device = $("#device").value.trim();
  const sizes = new Map();
  for (const file of sheet.files.filter((one) => used.has(one.number))) {
    const size = `${file.width} x ${file.height}`;
    if (!sizes.has(size)) sizes.set(size, file);
  }
  shown = [...sizes].map(([size, file]) => {
    const key = `${size} ${device}`;
    if (!editors.has(key)) editors.set(key, editor(device, file));
    return editors.get(key);
  });
  $("#regions").replaceChildren(...shown.map((one) => one.element));
}

function editor(device, { width, height, number }) {
  const fits = (one) => one.device === device && one.width === width && one.height === height;
  const save = async (kept) => {
    const stored = await ask("PUT", "/api/v1/regions", { device, width, height, kept });
    sheet.regions = [...sheet.regions.filter((one) => !fits(one)), stored];
  };
  const find = (regions) => regions.find(fits)?.kept ?? null;
  const label = `${width} x ${height} pixels, ${device || "unnamed device"}`;
  const made = new RegionEditor({ width, height, url: url(number), kept: find(sheet.regions), label, save });
  return Object.assign(made, { find });
}

// What is stored of a picture is what a person sees here as kept, or nothing is
// brought in.
async function checkRegions() {
  await Promise.all(shown.map((one) => one.saving));
  const waiting = shown.find((one) => one.waits);
  if (waiting) throw new Error(`${waiting.label}: the region was changed and is not kept yet. Keep it first.`);
  const { regions } = await ask("GET", here);
  for (const one of shown) {
    const kept = one.find(regions);
    if (kept === null || String(kept) === String(one.kept)) continue;
    one.replace(kept);
    throw new Error(`${one.label}: another region is kept now, by somebody else or in another window. Look at it, then confirm.`);
  }
}

async function confirm() {
  await checkRegions();
  const value = (id) => $(`#${id}`).value.trim();
  const all = {
    cohort: value("cohort"),
    device: value("device"),
    hospital: value("hospital"),
    origin: value("origin"),
    doppler_mode: value("doppler"),
  };
  const readers = readersChosen();
  const taken = cards.filter((card) => card.isTaken);
  const bar = $("#sent");
  bar.hidden = false;
  const count = { new: 0, known: 0, refused: 0 };
  const withheld = [];
  let left = null;
  for (let at = 0; at < taken.length; at += AT_ONCE) {
    const some = taken.slice(at, at + AT_ONCE);
    told.textContent = `Bringing in pair ${at + 1} of ${taken.length} ...`;
    const done = await ask("POST", `${here}/confirm`, { pairs: some.map((card) => card.wanted(all)), readers });
    for (const kind of Object.keys(count)) count[kind] += done[kind].length;
    left = done.left;
    withheld.push(...done.withheld);
    settle(some, done);
    bar.value = Math.min(1, (at + AT_ONCE) / taken.length);
  }
  told.textContent = `${counted(count.new, "pair is", "pairs are")} new, ${count.known} ${word(count.known, "was", "were")} there, ${count.refused} ${word(count.refused, "waits", "wait")}. ${withheld.map((one) => `${one} `).join("")}`;
  if (left === 0) return finish();
  told.textContent += `${counted(left, "file is", "files are")} left.`;
  if (count.refused === 0) await load();
  told.scrollIntoView({ block: "center" });
}

// Cards of pairs that are in go; the others say why they wait.
function settle(some, done) {
  const why = new Map(done.refused.map(({ name, error }) => [name, error]));
  for (const card of some) {
    card.problem.textContent = why.get(card.name.value) ?? "";
    if (why.has(card.name.value)) continue;
    card.element.remove();
    cards = cards.filter((other) => other !== card);
  }
}

function finish() {
  $("#confirm").hidden = true;
  told.append(make("a", { href: "/" }, "To the board"));
  told.scrollIntoView({ block: "center" });
}

$("#confirm").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("#problem").textContent = "";
  const button = event.submitter ?? $("#confirm .main");
  button.disabled = true;
  try {
    if (cards.every((card) => !card.isTaken)) throw new Error("No pair is chosen.");
    await confirm();
  } catch (error) {
    complain($("#problem"), error);
    $("#problem").scrollIntoView({ block: "nearest" });
  }
  button.disabled = false;
});

$("#add-pair").addEventListener("click", () => {
  add().selects[0].focus();
  refresh();
});

$("#cancel").addEventListener("click", async () => {
  await ask("DELETE", here);
  location.assign("/import");
});

$("#device").addEventListener("change", refresh);
addEventListener("arrived", load);
load().catch((error) => ($("#problem").textContent = error.message));
