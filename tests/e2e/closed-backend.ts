import { access as open } from '../../demo-app/backend.ts'

export { app } from '../../demo-app/app.ts'

/** The demo, where one room is closed to everybody. */
export const access = {
  ...open,
  room: (_: string, space: string) => (space === 'room:vault' ? ('none' as const) : ('write' as const)),
}
