const BEGINNINGS: Readonly<Record<string, string>> = {
  adjust: 'To adjust a lane',
  stop: 'To stop a lane',
  resume: 'To resume a lane',
  clear: 'To clear screens',
  mute: 'To mute',
  block: 'To block',
  forgive: 'To forgive',
  addWords: 'To add words',
  removeWords: 'To remove words',
  release: 'To release',
  discard: 'To discard',
  announce: 'To announce',
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
