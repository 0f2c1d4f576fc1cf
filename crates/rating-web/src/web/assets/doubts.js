// What speaks against a pair as it stands on the contact sheet: names that say
// another joint, side or modality, and colours in the wrong place. People name
// files as they like: it is said, and nothing is refused for it.

// The words and the share of coloured pixels by which the server proposes pairs.
const LEFT = ["left", "l", "lt", "li", "links"];
const RIGHT = ["right", "r", "rt", "re", "rechts"];
const GRAY = ["gray", "grey", "grayscale", "greyscale", "bmode", "gs", "gsus"];
const DOPPLER = ["doppler", "power", "pd", "pdus", "pdi", "pwr", "color", "colour", "cd", "cdus", "cdi", "cfi"];
const COLOURED = 0.002;

// What the name of a file says: its joint, its side, whether it is Doppler.
function named(file, units) {
  const words = file.name.replace(/\.[^./\\]*$/, "").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const pairs = words.map((word, at) => word + (words[at + 1] ?? ""));
  const compact = (unit) => unit.replaceAll(" ", "").toLowerCase();
  // The first proximal joint of the thumb is often written PIP1.
  const is = (unit) => (word) => (word === "pip1" ? "ip1" : word) === compact(unit);
  const has = (list) => words.some((word) => list.includes(word));
  const sides = [...(has(LEFT) ? ["left"] : []), ...(has(RIGHT) ? ["right"] : [])];
  const kinds = [...(has(GRAY) || pairs.includes("bmode") ? [false] : []), ...(has(DOPPLER) ? [true] : [])];
  return {
    side: sides.length === 1 ? sides[0] : null,
    unit: units.find((unit) => words.some(is(unit))) ?? units.find((unit) => pairs.some(is(unit))) ?? null,
    isDoppler: kinds.length === 1 ? kinds[0] : null,
  };
}

// One sentence where names, or a name and what is chosen, say different things.
function contradiction(what, files, said, chosen) {
  const words = said.filter((word) => word !== null);
  if (new Set(words).size > 1) return [`The names say different ${what}s: ${words.join(" and ")}.`];
  const at = said.findIndex((word) => word !== null && chosen !== "" && word !== chosen);
  return at < 0 ? [] : [`The ${what} here is ${chosen}, but ${files[at].name} says ${said[at]}.`];
}

// Sentences about the files of a pair, in the order of `modalities`, each
// { name, isDoppler }; `file` is null where none is chosen.
export function doubts({ files, modalities, units, unit, side }) {
  const slots = modalities.map((modality, at) => ({ modality, file: files[at] })).filter(({ file }) => file);
  const there = slots.map(({ file }) => file);
  const names = there.map((file) => named(file, units));
  const found = [
    ...contradiction("side", there, names.map((one) => one.side), side),
    ...contradiction("joint", there, names.map((one) => one.unit), unit),
  ];
  if (new Set(there.map((file) => file.number)).size < there.length) found.push("The same file stands for two images.");
  if (new Set(there.map((file) => `${file.width} x ${file.height}`)).size > 1) found.push("The images differ in size.");
  slots.forEach(({ modality, file }, at) => {
    const { isDoppler } = names[at];
    if (isDoppler !== null && isDoppler !== modality.isDoppler) {
      found.push(`${file.name} stands for the ${modality.name} image, but its name says ${isDoppler ? "Doppler" : "grayscale"}.`);
    }
    if (!modality.isDoppler && file.coloured >= COLOURED) {
      found.push(`The ${modality.name} image is coloured (${(100 * file.coloured).toFixed(1)} % of it).`);
    }
    if (modality.isDoppler && file.coloured < COLOURED) {
      found.push(`The ${modality.name} image has hardly any colour, no colour bar either.`);
    }
  });
  return found;
}
