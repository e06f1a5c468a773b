export { type DevtoolsOptions, openDevtools } from './devtools/open-devtools.ts'
export type { Devtools } from './devtools/panel.ts'
