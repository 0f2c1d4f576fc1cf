// Files on their way in: chosen, or dropped with their folders. One request a
// file, so that one that is refused keeps no other out.

import { answered, api } from "./api.js";

const $ = (selector) => document.querySelector(selector);
const page = $("#import");
const ask = api(page);
const drop = $("#drop");

async function send(id, { file, name }) {
  const form = new FormData();
  form.append("modified", String(file.lastModified));
  form.append("file", file, name);
  const headers = { accept: "application/json", "x-csrf": page.dataset.csrf };
  const path = `/api/v1/imports/${id}/files`;
  const response = await fetch(path, { method: "POST", headers, body: form, credentials: "same-origin" });
  try {
    return await answered(response);
  } catch (error) {
    return { taken: 0, refused: [{ name, error: error.message }] };
  }
}

function refuse({ name, error }) {
  const line = document.createElement("li");
  line.className = "wrong";
  line.textContent = `${name}: ${error}`;
  $("#not-taken").append(line);
}

async function bring(files) {
  if (files.length === 0) return;
  drop.inert = true;
  $("#not-taken").replaceChildren();
  const bar = $("#sent");
  bar.hidden = false;
  const all = files.reduce((sum, { file }) => sum + file.size + 1, 0);
  let sent = 0;
  let taken = 0;
  let refused = 0;
  try {
    const id = page.dataset.import ?? (await ask("POST", "/api/v1/imports")).id;
    for (const [index, one] of files.entries()) {
      $("#told").textContent = `Sending file ${index + 1} of ${files.length} ...`;
      const answer = await send(id, one);
      answer.refused.forEach(refuse);
      taken += answer.taken;
      refused += answer.refused.length;
      sent += one.file.size + 1;
      bar.value = sent / all;
    }
    const count = (number, word) => `${number} ${word}${number === 1 ? " is" : "s are"}`;
    $("#told").textContent = `${count(taken, "image")} here, ${count(refused, "file")} not.`;
    if (page.dataset.import) {
      dispatchEvent(new CustomEvent("arrived"));
    } else if (taken === 0) {
      await ask("DELETE", `/api/v1/imports/${id}`);
    } else if (refused === 0) {
      location.assign(`/import/${id}`);
    } else {
      goOn(id);
    }
  } catch (error) {
    $("#told").textContent = error.message;
  }
  drop.inert = false;
  $("#files").value = "";
}

// Some files were refused: the person reads why before going on.
function goOn(id) {
  const link = document.createElement("a");
  link.className = "button";
  link.href = `/import/${id}`;
  link.textContent = "To the contact sheet";
  $("#told").append(" ", link);
  link.focus();
}

// The files of a dropped entry, folders included.
async function within(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    return [{ file, name: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) return found;
    for (const one of some) found.push(...(await within(one)));
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ file, name: file.name }));
  return (await Promise.all(entries.map(within))).flat();
}

$("#files").addEventListener("change", (event) => {
  bring([...event.target.files].map((file) => ({ file, name: file.name })));
});

for (const kind of ["dragover", "dragleave", "drop"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
  });
}
addEventListener("drop", async (event) => bring(await dropped(event.dataTransfer)));
