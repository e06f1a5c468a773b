/** A short history that broke an earlier draft of the protocol. */
export interface NamedCase {
  readonly name: string
  /** What keeps it from going wrong. */
  readonly rule: string
  /** What came of it without that rule. */
  readonly without: string
  /** What it runs on in place of a feature that does not exist yet. */
  readonly standIn?: string
}

/** All of them, each once; the case itself is the test whose title begins with its name. */
export const NAMED_CASES: readonly NamedCase[] = [
  {
    name: 'laundered seal',
    rule: 'R2',
    without: 'a copy takes a range of another history under a number of its own, and no number ever tells',
  },
  { name: 'laundered rights', rule: 'R2 N1', without: 'documents that were read under an old right stay for ever' },
  { name: 'late answer of a dead history', rule: 'R1 R3', without: 'a copy moves back, or the proof that two histories differ is dropped' },
  { name: 'swallowed refusal', rule: 'M4', without: 'a refused text counts as done, and vanishes' },
  { name: 'ordinary restored phone', rule: 'M5', without: 'what had been pending in the backup is done twice' },
  { name: 'copied device, foreign origin', rule: 'C1', without: "the twin's commit passes for ours, and our text vanishes" },
  { name: 'pipelined past a conflict', rule: 'M2 M3', without: 'the second of two is done before the first, or twice' },
  { name: 'forgetful server, idle client', rule: 'M5', without: 'nobody offers what the server lost, though a phone holds it' },
  { name: 'refused number in the tail', rule: 'M5', without: 'the hole of a refused number stops everything behind it' },
  { name: 'former client id', rule: 'M5', without: 'what was made under an old id is never offered' },
  { name: 'partial run looks whole', rule: 'C2', without: 'a live range changes a document that the copy does not have yet' },
  { name: 'fresh copy of a trimmed space', rule: 'C2', without: 'the first page is followed by a reset, for ever' },
  { name: 'deletion between pages', rule: 'C2', without: 'a deleted document of an earlier page stays alive' },
  { name: 'resurrection by an older page', rule: 'W2', without: 'a page that was on its way brings back what was deleted' },
  { name: 'stale by a floor', rule: 'W1', without: 'a document below the floor is never changed again' },
  {
    name: 'into and out of sight',
    rule: 'C4',
    without: 'a document stays with somebody who may not see it any more',
    standIn: 'documents that their makers alone read; the rest comes with rules over documents',
  },
  { name: 'sums that cancel', rule: 'B1', without: 'one number too high and one too low add up to "all is right"' },
  { name: 'follow that got lost', rule: 'B1', without: 'an empty space that is not followed adds nothing, and nobody notices' },
  { name: 'alarm without cause', rule: 'B1', without: 'a busy space is doubted with nearly every beat' },
  { name: 'ask storm', rule: 'R4', without: 'each live range of a copy that lost one asks for it again' },
  { name: 'stale gateway says reset', rule: 'N1 B3', without: 'a copy that is ahead of a gateway is loaded all over' },
  { name: 'wiped by a bug', rule: 'B8', without: 'a rule that throws empties every phone' },
  { name: 'outage as mass refusal', rule: 'M7', without: 'a minute without the engine refuses the first text of everybody' },
  { name: 'crash inside a paged reset', rule: 'R6', without: 'half of the new copy is left, and nothing of the old one' },
  { name: 'run judged by the horizon', rule: 'N1', without: 'whoever comes back in mid-run begins again, for ever' },
  { name: 'restore in mid-run', rule: 'N1', without: 'a copy counts as whole that holds documents of a lost history, or lacks one' },
  { name: 'floor that moves in a run', rule: 'W1', without: 'what an earlier page brought stays as it was there' },
  { name: 'older page from a lagging node', rule: 'W2', without: 'a node that is behind brings back what was deleted' },
  {
    name: 'out of sight between pages',
    rule: 'C4',
    without: 'a whole copy holds what its reader may not see',
    standIn: 'documents that their makers alone read; the rest comes with rules over documents',
  },
  {
    name: 'expected the very last',
    rule: 'M5',
    without: 'the last one that the server lost is never offered, and the next waits for ever',
  },
  { name: 'page smaller than a commit', rule: '§4', without: 'an empty page is asked for again for ever' },
  { name: 'beat overtakes a follow', rule: 'B1', without: 'every number is stated again without cause' },
  {
    name: 'frozen tab wakes',
    rule: 'M1',
    without: 'two tabs that both send make two of one',
    standIn: 'two tabs that both send, as tabs do today; leaders among tabs come later',
  },
]
