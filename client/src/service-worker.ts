export { flushOnSync } from './background/flush-on-sync.ts'
export { type FlushOptions, flushPending } from './background/flush-pending.ts'
export { syncInBackground } from './background/sync-in-background.ts'
