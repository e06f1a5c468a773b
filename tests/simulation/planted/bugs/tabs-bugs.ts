import type { PlantedBug } from '../planted-bug.ts'

/** Tabs that share a connection. */
export const tabsBugs: readonly PlantedBug[] = [
  {
    name: 'lead-not-compared',
    file: 'client/src/replica/served-core.ts',
    find: 'if (leadNumber === undefined || leadNumber === lead) return',
    replace: 'if (leadNumber !== 0) return',
    classes: ['leaders', 'tabs', 'double-leader'],
    rule: 'M1',
    what: 'a tab from which the lead was taken settles as before',
  },
  {
    name: 'silent-leader-kept',
    file: 'client/src/tabs/leadership.ts',
    find: 'return silences < SILENCES_MAX << taken ? ask',
    replace: 'return silences < 1e6 ? ask',
    classes: ['leaders', 'tabs', 'stuck-locks'],
    rule: 'P7',
    what: 'where the lock does not come, no tab ever leads',
  },
  {
    name: 'lost-lead-kept',
    file: 'client/src/tabs/leadership.ts',
    find: "ask(state.taken, 0, 'follow', 'queue')",
    replace: "ask(state.taken, 0, 'queue')",
    classes: ['leaders', 'tabs', 'double-leader'],
    rule: 'P12',
    what: 'a tab from which the lead was taken stays connected',
  },
  {
    name: 'followers-connect',
    file: 'client/src/connected.ts',
    find: "lead: (isLeader) => (isLeader ? sync.resume('tab') : sync.pause('tab'))",
    replace: "lead: () => sync.resume('tab')",
    classes: ['leaders', 'tabs', 'double-leader'],
    rule: 'P12',
    what: 'whoever has led once stays connected',
  },
  {
    name: 'wait-not-handed-on',
    file: 'client/src/connected.ts',
    find: 'if (notBeforeMs && because) sync.stayAway',
    replace: 'if (notBeforeMs && because === undefined) sync.stayAway',
    classes: ['leaders', 'tabs', 'tab-crash', 'double-leader', 'server-restart', 'crowd'],
    rule: 'B11',
    what: 'the tab that leads next does not know how long the one before it was asked to stay away',
  },
]
