import { ownerOnly } from '@tidemark/server'

export { app } from '../../demo-app/app.ts'

/** The demo, with somebody who looks after its show, and somebody who may look at how. */
export const access = {
  user: ownerOnly,
  room: () => 'write' as const,
  live: (user: string) => (user === 'host' ? ('admin' as const) : ('write' as const)),
  moderation: (user: string) => (user === 'host' ? ('admin' as const) : user === 'looker' ? ('read' as const) : ('none' as const)),
}
