import { type PlantedBug, SET_BACK } from '../planted-bug.ts'

const HEALING = 'client/src/replica/healing.ts'

/** Servers that forgot, and devices that were copied or set back [M5]. */
export const healingBugs: readonly PlantedBug[] = [
  {
    name: 'conflict-ignored',
    file: HEALING,
    find: "if (error.code !== 'client-conflict' || !error.n) return []",
    replace: 'if (error) return []',
    classes: SET_BACK,
    rule: 'M5',
    what: 'a copied device goes on under the client id that another has',
  },
  {
    name: 'forgotten-not-offered',
    file: HEALING,
    find: "if (error.code === 'out-of-order' && error.expected) return offerFrom(unit, identity, error.expected)",
    replace: "if (error.code === 'out-of-order') return []",
    classes: SET_BACK,
    rule: 'M5',
    what: 'what a server expects that forgot is not offered to it',
  },
  {
    name: 'acked-below-not-noticed',
    file: HEALING,
    find: 'return isOurs && n < asker.settled ? offerFrom(unit, present[0] as Identity, n + 1) : []',
    replace: 'return []',
    classes: SET_BACK,
    rule: 'M5',
    what: 'a welcome that knows of less than was settled leads to nothing: forgetful server, idle client',
  },
  {
    name: 'reset-without-doubt',
    file: HEALING,
    find: 'await doubtOf(unit, identities(await unit.self()))',
    replace: '',
    classes: SET_BACK,
    rule: 'M5',
    what: 'after a reset for history nothing that was settled is doubted',
  },
  {
    name: 'moved-without-its-followers',
    file: HEALING,
    find: '.filter(({ n, in: done }) => !done && n >= from && n <= upTo)',
    replace: '.filter(({ n, in: done }) => !done && n === from && n <= upTo)',
    classes: SET_BACK,
    rule: 'M5',
    what: 'of what is pending after a conflict only the first goes on under a new client id',
  },
  {
    name: 'taken-back-uncounted',
    file: HEALING,
    find: 'confirmed: confirmed - counted,',
    replace: 'confirmed,',
    classes: SET_BACK,
    rule: 'P9',
    what: 'what is offered again counts as confirmed and as pending',
  },
  {
    name: 'former-not-doubted',
    file: HEALING,
    find: 'await doubtOf(unit, isOurs ? former : [...former, ...present])',
    replace: 'await doubtOf(unit, isOurs ? [] : present)',
    classes: SET_BACK,
    rule: 'M5',
    what: 'nobody offers the tail of a former client id',
  },
  {
    name: 'offered-again-untold',
    file: HEALING,
    find: 'if (isLost) await count(unit, counted, 0)',
    replace: '',
    classes: ['restore'],
    rule: 'P8',
    what: 'what the server lost is offered again, and the app is not told',
  },
]
