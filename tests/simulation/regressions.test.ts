// Each file in regressions/ is a plan that once failed, as small as it could be made, named after what must be so.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Plan } from './plan.ts'
import { run } from './run.ts'

const FOLDER = new URL('./regressions/', import.meta.url)

describe('plans that once failed', () => {
  it.each(readdirSync(FOLDER))('%s', async (file) => {
    const { failures } = await run(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Plan)
    expect(failures).toEqual([])
  })
})
