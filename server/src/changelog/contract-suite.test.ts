// Both engines are held to one suite.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeChangelog } from './contract-suite.ts'
import { memoryChangelog } from './memory/memory-changelog.ts'
import { sqliteChangelog } from './sqlite/sqlite-changelog.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-changelog-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

const runner = { describe, expect, it }
describeChangelog('memory', runner, () => memoryChangelog())
describeChangelog('sqlite', runner, () => sqliteChangelog(join(folder, `${files++}.db`)))
