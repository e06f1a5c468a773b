import type { ConnectionState } from '@tidemark/server'

/** Versions that its copies lack, over all of them. */
export function behindOf({ copies }: Pick<ConnectionState, 'copies'>): number {
  return copies.reduce((sum, { version, head }) => sum + Math.max(0, head - version), 0)
}

/** It has not been heard within what it promised. Half as long again and 10 s, and the server gives it up. */
export function isLate({ heardMs, nextS }: Pick<ConnectionState, 'heardMs' | 'nextS'>, nowMs: number): boolean {
  return nowMs - heardMs > nextS * 1000
}

/** What it said of its device, the app's version last. */
export function labelsOf({ labels, app, probe }: Pick<ConnectionState, 'labels' | 'app' | 'probe'>): string {
  const told = [...Object.values(labels), app === '' ? '' : `app ${app}`, probe ? 'probe' : '']
  return told.filter((label) => label !== '').join(' · ')
}
