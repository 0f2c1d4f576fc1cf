// Numbers with the word for what they count.

export function word(count, one, many) {
  return count === 1 ? one : many;
}

export function counted(count, one, many) {
  return `${count} ${word(count, one, many)}`;
}
