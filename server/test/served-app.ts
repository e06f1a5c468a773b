import { app, everybody } from './backend-world.ts'

export { app }
export const access = everybody(app)
