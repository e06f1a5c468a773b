import { type PlantedBug, SET_BACK } from '../planted-bug.ts'

/** What both ends share: the one rule, seals, sums, deltas. */
export const sharedBugs: readonly PlantedBug[] = [
  {
    name: 'reset-as-repeat',
    file: 'shared/src/range-rule.ts',
    find: "return 'reset'",
    replace: "return 'repeat'",
    rule: 'R1',
    what: 'a reset is dropped',
  },
  {
    name: 'news-without-seal',
    file: 'shared/src/range-rule.ts',
    find: 'range.from === copy.version && sameSeal(copy.version, range.on, copy.seal)',
    replace: 'range.from === copy.version',
    classes: SET_BACK,
    rule: 'R2',
    what: 'a range is news whatever history it stands on: the laundered seal',
  },
  {
    name: 'news-from-anywhere',
    file: 'shared/src/range-rule.ts',
    find: 'range.from === copy.version && sameSeal(copy.version, range.on, copy.seal)',
    replace: 'range.to > copy.version',
    rule: 'R2',
    what: 'a range is news where it leads further, whatever lies between',
  },
  {
    name: 'lost-as-repeat',
    file: 'shared/src/range-rule.ts',
    find: "return 'lost'\n}",
    replace: "return 'repeat'\n}",
    rule: 'R4',
    what: 'a gap is dropped without a word',
  },
  {
    name: 'sum-without-tail',
    file: 'shared/src/sum.ts',
    find: 'sum += version + 1 + sealDigits(seal)',
    replace: 'sum += 1',
    rule: 'B1',
    what: 'every sum agrees',
  },
  {
    name: 'unset-forgotten',
    file: 'shared/src/patch.ts',
    find: 'for (const field of unset) delete after[field]',
    replace: '',
    rule: '§3',
    what: 'a change that takes fields out of a document leaves them in',
  },
]
