import { BadRequestError } from '@tidemark/shared'
import { INSIDE, type Inside } from '../inside.ts'
import { browserPanelPage } from '../platform/browser-panel-page.ts'
import type { ObservedReplica } from './observed.ts'
import { type Devtools, openPanel } from './panel.ts'

export interface DevtoolsOptions {
  /** Where the panel is put, as large as that; by itself it is docked below the page. */
  readonly parent?: HTMLElement | undefined
}

const open = new WeakMap<object, Devtools>()

/** Opens the panel of a replica, once: who asks again is given the one that is open. Throws BadRequestError where there is no such replica, UnavailableError where it is closed. */
export function openDevtools(replica: ObservedReplica, { parent }: DevtoolsOptions = {}): Devtools {
  const inside = (replica as unknown as { readonly [INSIDE]?: Inside })[INSIDE]
  if (!inside) throw new BadRequestError('openDevtools: what openReplica returns is needed, of the same version of the client')
  const before = open.get(replica)
  if (before) return before
  const devtools = openPanel(replica, inside, browserPanelPage(), parent)
  open.set(replica, devtools)
  void devtools.closed.then(() => open.delete(replica))
  return devtools
}
