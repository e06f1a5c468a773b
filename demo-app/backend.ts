import { ownerOnly } from '@tidemark/server'

export { app } from './app.ts'

/** Who may enter: a user's own space is theirs alone, a room and the stage are open to whoever has signed in. */
export const access = { user: ownerOnly, room: () => 'write' as const, live: () => 'write' as const }
