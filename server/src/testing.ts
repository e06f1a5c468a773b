export type { OpenChangelog, TestRunner } from './changelog/contract/bench.ts'
export { describeChangelog } from './changelog/contract-suite.ts'
export type { MemoryChangelog } from './changelog/memory/memory-changelog.ts'
export { memoryChangelog } from './changelog/memory/memory-changelog.ts'
