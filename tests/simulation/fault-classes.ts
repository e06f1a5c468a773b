import type { SeededRandom } from './seeded-random.ts'

/** Everything that can go wrong in a simulated world, by class. */
export const FAULT_CLASSES = {
  delay: 'frames and answers take up to 3 s',
  loss: 'single frames vanish',
  repeat: 'single frames come twice',
  reorder: 'frames overtake each other',
  cut: 'connections and requests end, and both sides are told',
  'one-way-cut': 'one direction of a connection, or an answer, is lost from some moment on',
  'half-open': 'a connection dies, and neither side is told',
  'silent-close': 'one side ends a connection, and the other is not told',
  'late-frame': 'frames of a connection come after it was closed',
  html: 'a portal answers in place of the server, with a page of its own',
  '503': 'a proxy answers in place of the server that there is none',
  'slow-pipe': 'the system of a device takes no bytes for a while',
  'idle-cut': 'what lies between cuts a connection that was silent for a while: without a word, by a reset, or in good order',
  'no-network': 'a device has no network for a while: what it has open dies, mostly without a word',
  'lying-hints': 'a device tells of changes of its network that did not take place, and is silent on those that did',
  'device-crash': 'the browser dies, at any moment or in the middle of a unit of its storage',
  reload: 'a tab is closed and opened again',
  tabs: 'devices have up to three tabs, which come and go',
  freeze: 'a tab is frozen: what is due waits, then all of it runs',
  throttle: 'timers run once a minute',
  sleep: 'a device sleeps: its monotonic clock stands still, its wall clock does not',
  background: 'a tab is in the background: its timers run once a minute, and nobody waits for it',
  'page-cache': 'a page is left and comes back: meanwhile it must hold nothing',
  offline: 'the app goes offline by its own switch',
  unfollow: 'spaces are closed and opened again',
  clone: 'a device begins with a copy of the disk of another',
  rollback: 'a disk goes back by some commits',
  'user-switch': 'another user signs in on a device',
  'clock-skew': 'wall clocks are off by up to a year',
  'clock-jump': 'wall clocks jump',
  'lost-handle': 'a handle of the storage is lost: the unit runs again, or the storage gives up',
  hang: 'a request of the storage never settles',
  quota: 'the disk is full',
  'power-loss': 'what was not flushed is gone',
  eviction: 'the browser clears its disk, with or without open tabs',
  'slow-disk': 'units of the storage take time',
  'server-kill': 'the server dies as by kill -9, also between commit and answer',
  'server-restart': 'the server is ended in good order and started again',
  restore: 'the server is set back to a backup, with a restart or behind a living process',
  trim: 'the log and deletions are forgotten up to anywhere',
  'commit-failure': 'a group commit fails, before or after it took place',
  'mutator-throw': 'mutators throw on the server now and then',
  poison: 'one mutation throws on the server always',
  crowd: 'the server takes in few at a time, and tells the others when to come',
  'lost-hints': 'the bus between backend and gateway loses, repeats and delays',
  'token-expiry': 'tokens end while they are used',
  'token-failure': 'the issuer of tokens fails, or is slow',
  'token-hang': 'the issuer of tokens does not answer',
  'wrong-user': 'the issuer gives out the token of another user',
  revocation: 'access to a space is taken and given back',
  'access-throws': 'the access rule throws',
  leaders: 'browsers have locks and words between tabs: of the tabs of a device one is connected for all',
  'tab-crash': 'one tab dies without a word, and the others live on',
  'double-leader': 'a lock is taken from the tab that leads, which hears of it late',
  'mute-tabs': 'words between tabs are lost',
  'stuck-locks': 'locks that are asked for do not come for a while',
  'learned-beat': 'devices learn how seldom they may speak, with probes beside their connections; else they speak every 30 s',
  'slow-rules': 'the access rule and the check of tokens take up to 2 s',
} as const
export type FaultClass = keyof typeof FAULT_CLASSES
export const FAULT_CLASS_NAMES = Object.keys(FAULT_CLASSES) as readonly FaultClass[]

/** Classes that are on in a tenth of the seeds only: they need ten minutes of virtual time. */
const RARE: ReadonlySet<FaultClass> = new Set(['poison'])

/** Classes of what is not built yet, and what will bring them. */
export const CLASSES_TO_COME: Readonly<Record<string, string>> = {
  'rule-change': 'rules over documents',
  'standby-promotion': 'several nodes',
}

/** Classes that a run is told to have, or to do without; the rest is drawn. */
export interface ForcedClasses {
  readonly on?: ReadonlySet<FaultClass>
  readonly off?: ReadonlySet<FaultClass>
}

/** Swarm testing (Groce et al., 2012): each class is off in about half of the seeds, so that none hides behind another. */
export function drawClasses(random: SeededRandom, { on, off }: ForcedClasses): Set<FaultClass> {
  return new Set(
    FAULT_CLASS_NAMES.filter((name) => {
      const drawn = random.chance(RARE.has(name) ? 0.1 : 0.5)
      return (drawn || on?.has(name) === true) && off?.has(name) !== true
    }),
  )
}
