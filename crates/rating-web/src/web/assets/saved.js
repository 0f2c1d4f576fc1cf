// What a screen says about saving, and what went wrong.

import { SignedOut } from "./api.js";
import { make } from "./make.js";

const SAID = { saved: "Saved", saving: "Saving ...", locked: "Locked", refused: "Not done" };

// The line that tells whether everything is saved, and how to go on where it is not.
export function sayWhetherSaved(line, state, sentence = "") {
  const said = {
    waiting: [`Not saved yet: ${within(sentence)} Trying again ...`],
    "signed-out": [`Not saved: ${within(sentence)} `, signIn()],
  }[state];
  line.replaceChildren(...(said ?? [SAID[state]]));
  line.className = state === "signed-out" ? "refused" : state;
}

// Why something was not done.
export function complain(line, error) {
  line.replaceChildren(error.message, ...(error instanceof SignedOut ? [" ", signIn()] : []));
}

// In a tab of its own, so that this page keeps what is not saved.
function signIn() {
  return make("a", { href: "/sign-in", target: "_blank", rel: "noopener" }, "Sign in (in another tab)");
}

const within = (sentence) => sentence.charAt(0).toLowerCase() + sentence.slice(1);
