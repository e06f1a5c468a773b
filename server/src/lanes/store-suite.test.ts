// Both stores are held to one suite.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { memoryLaneStore } from './memory/memory-lane-store.ts'
import { sqliteLaneStore } from './sqlite/sqlite-lane-store.ts'
import { describeLaneStore } from './store-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-lanes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

const runner = { describe, expect, it }
describeLaneStore('memory', runner, () => memoryLaneStore())
describeLaneStore('sqlite', runner, () => sqliteLaneStore(join(folder, `${files++}.db`)))
