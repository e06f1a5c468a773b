import { type Access, ownerOnly } from '@tidemark/server'
import { HOST } from './live.ts'

export { app } from './app.ts'

/** Who may enter: a user's own space is theirs alone, a room and the stage are open to whoever has signed in, and the host runs the show. */
export const access = {
  user: ownerOnly,
  room: (): Access => 'write',
  live: (user: string): Access => (user === HOST ? 'admin' : 'write'),
  moderation: (user: string): Access => (user === HOST ? 'admin' : 'none'),
}
