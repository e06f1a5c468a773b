import { ownerOnly } from '@tidemark/server'

export { app } from '../../demo-app/app.ts'

/** The demo, where one room is closed to everybody. */
export const access = {
  user: ownerOnly,
  live: () => 'write' as const,
  room: (_: string, space: string) => (space === 'room:vault' ? ('none' as const) : ('write' as const)),
}
