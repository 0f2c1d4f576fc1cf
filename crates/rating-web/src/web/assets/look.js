// All readings of a pair on its images, for whoever has nothing to read here.

import { api } from "./api.js";
import { PairViewer } from "./viewer.js";

const screen = document.querySelector("#screen");
const told = (sentence) => (document.querySelector("#saved").textContent = sentence);

async function begin() {
  const pair = await api(screen)("GET", `/api/v1/pairs/${screen.dataset.code}/readings`);
  const viewer = new PairViewer([...document.querySelectorAll(".view")], pair.images, () => {});
  viewer.locked = true;
  viewer.others = pair.readings.map((one) => one.body.rois);
  await viewer.load();
  told("");
  const hide = () => {
    viewer.hidden = !viewer.hidden;
    viewer.draw();
  };
  document.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && event.key.toLowerCase() === "h") hide();
  });
  screen.addEventListener("click", (event) => {
    const action = event.target.closest("[data-do]")?.dataset.do;
    if (action === "fit") viewer.fit();
    if (action === "actual") viewer.actual();
    if (action === "hide") hide();
  });
}

begin().catch((error) => told(error.message));
