const BEGINNINGS: Readonly<Record<string, string>> = {
  adjust: 'Adjusting a lane',
  stop: 'Stopping a lane',
  resume: 'Resuming a lane',
  clear: 'Clearing screens',
  mute: 'Muting',
  block: 'Blocking',
  forgive: 'Forgiving',
  addWords: 'Adding words',
  removeWords: 'Removing words',
  release: 'Releasing',
  discard: 'Discarding',
  announce: 'Announcing',
}

/** An act as a sentence about it begins. */
export function actBegins(name: string): string {
  return BEGINNINGS[name] ?? name
}

const DONE: Readonly<Record<string, string>> = {
  adjust: 'adjusted',
  stop: 'stopped',
  resume: 'resumed',
  clear: 'cleared',
  mute: 'muted',
  block: 'blocked',
  forgive: 'forgave',
  'addWords drop': 'added words to drop',
  'addWords mask': 'added words to mask',
  'addWords hold': 'added words to hold',
  removeWords: 'removed words',
  release: 'released',
  discard: 'discarded',
  announce: 'announced',
}

/** A line of the audit in words: `alice stopped live:main danmu`. */
export function actDone(act: string): string {
  return DONE[act] ?? act
}
