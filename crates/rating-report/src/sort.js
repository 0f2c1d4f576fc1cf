// Sorts a table by the column whose head is pressed: first as numbers or words
// rise, then as they fall, then as the page had them. Rows under a heading of
// their own stay under it. Without this script the tables are as they are.
//
// Left as they are: the figures of a comparison of score files, where a row is read
// against the row of the first file above it; characteristics, sums of patients and
// other tables whose rows are different things in one column; confusion matrices.
"use strict";
(() => {
  const MARKS = { none: "\u00a0\u2195", ascending: "\u00a0\u2191", descending: "\u00a0\u2193" };
  const MINUS = /\u2212/g;
  const NUMBER = /^[<>=p\s]*([-+]?\d+(?:\.\d+)?)/;
  const textOf = (cell) => {
    const figure = cell.querySelector(".figure") ?? cell;
    const own = [...figure.childNodes].filter((node) => !node.classList?.contains("aside"));
    return own.map((node) => node.textContent).join("").replace(MINUS, "-").trim();
  };
  const keyOf = (cell) => {
    const text = textOf(cell);
    if (text === "" || /^-(\s|$)/.test(text)) return null;
    const number = NUMBER.exec(text);
    return number ? Number(number[1]) : text;
  };
  // What is missing comes last, whichever way the rest goes; numbers before words.
  const compare = (a, b, way) => {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return way * (typeof a === "number" ? a - b : a.localeCompare(b));
  };
  const isPlain = (rows) =>
    rows.every((row) => [...row.cells].every((cell) => cell.rowSpan === 1 && cell.colSpan === 1));
  // Parts of the row above them, which has no body of its own.
  const isNested = (body) => body.querySelector("tr.part") && !body.querySelector("tr.kind");

  for (const table of document.querySelectorAll("main table")) {
    const head = table.tHead;
    if (!head || table.matches(".confusion, .card table")) continue;
    if ([...table.tBodies].some(isNested)) continue;
    // Each body with the rows that move and the order they came in.
    const bodies = [...table.tBodies].map((body) => {
      const rows = [...body.rows];
      // What sums the others up stays below them.
      const last = rows.filter((row) => row.classList.contains("total"));
      const rest = rows.filter((row) => !row.classList.contains("kind") && !last.includes(row));
      return { body, rest, last };
    });
    if (!bodies.some(({ rest }) => rest.length > 1) || !bodies.every(({ rest }) => isPlain(rest))) continue;
    const width = bodies.find(({ rest }) => rest.length > 0).rest[0].cells.length;
    const columns = [];
    // Heads over two rows: those that span both, and those of the second, are columns.
    const taken = [...head.rows].map(() => new Set());
    [...head.rows].forEach((row, at) => {
      let column = 0;
      for (const cell of row.cells) {
        while (taken[at].has(column)) column += 1;
        for (let down = 0; down < cell.rowSpan; down += 1)
          for (let right = 0; right < cell.colSpan; right += 1) taken[at + down]?.add(column + right);
        const reachesDown = at + cell.rowSpan === head.rows.length;
        if (cell.tagName === "TH" && cell.colSpan === 1 && reachesDown) columns.push({ cell, column });
        column += cell.colSpan;
      }
    });
    for (const one of columns) {
      const { cell, column } = one;
      if (column >= width || /^plot\b/.test(cell.textContent.trim())) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...cell.childNodes);
      const mark = document.createElement("span");
      mark.className = "mark";
      mark.ariaHidden = "true";
      mark.textContent = MARKS.none;
      // In the line of small print, where there is room.
      (button.querySelector(".aside") ?? button).append(mark);
      cell.append(button);
      one.mark = mark;
      button.addEventListener("click", () => {
        const next = { none: "ascending", ascending: "descending", descending: "none" };
        const way = next[cell.getAttribute("aria-sort") ?? "none"];
        for (const other of columns) {
          other.cell.removeAttribute("aria-sort");
          if (other.mark) other.mark.textContent = MARKS.none;
        }
        mark.textContent = MARKS[way];
        if (way !== "none") cell.setAttribute("aria-sort", way);
        for (const { body, rest, last } of bodies) {
          const sign = way === "descending" ? -1 : 1;
          const keyed = rest.map((row) => ({ row, key: keyOf(row.cells[column]) }));
          if (way !== "none") keyed.sort((a, b) => compare(a.key, b.key, sign));
          body.append(...keyed.map(({ row }) => row), ...last);
        }
      });
    }
  }
})();
