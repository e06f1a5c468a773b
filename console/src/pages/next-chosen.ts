/** Which of a list is chosen: what was wanted while it is there, else the first; undefined of an empty list. */
export function nextChosen(ids: readonly string[], wanted: string | undefined): string | undefined {
  return wanted !== undefined && ids.includes(wanted) ? wanted : ids[0]
}
