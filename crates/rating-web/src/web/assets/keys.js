// What keys mean on every screen where something is graded.

// The digit of a key, or null. Keys of the keypad are digits with NumLock alone:
// without it, and on Windows with Shift, they move and scroll.
export function digitOf({ code, key }) {
  const row = /^Digit([0-9])$/.exec(code);
  if (row) return Number(row[1]);
  return /^Numpad[0-9]$/.test(code) && /^[0-9]$/.test(key) ? Number(key) : null;
}

// A grade that was chosen with the mouse is not changed by the arrow keys after
// it; whoever came by Tab goes on choosing with them.
export function leaveGradesAfterTheMouse(form) {
  form.addEventListener("click", (event) => {
    const input = event.detail > 0 && event.target.closest(".grades label")?.querySelector("input");
    // The browser gives it the focus after this.
    if (input) setTimeout(() => input.blur());
  });
}
