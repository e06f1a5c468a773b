import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { definitionsIn } from './definitions.ts'
import { SettingsError } from './settings-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-definitions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

function moduleOf(code: string): string {
  const file = join(folder, `${files++}.mjs`)
  writeFileSync(file, code)
  return file
}
const APP = 'export const app = { version: "1", spaces: { user: {}, room: {} } }\n'

describe("the app's module", () => {
  it('gives app, rules and, where it has one, its way to tell who a token stands for', async () => {
    const module = moduleOf(`${APP}export const access = { user() {}, room() {} }\nexport async function authenticate() {}`)
    const { app, access, authenticate, isOwnerOnly } = await definitionsIn(module)
    expect([Object.keys(app.spaces), Object.keys(access), typeof authenticate, isOwnerOnly]).toEqual([
      ['user', 'room'],
      ['user', 'room'],
      'function',
      false,
    ])
  })

  it('without rules keeps every space for its owner', async () => {
    const { access, authenticate, isOwnerOnly } = await definitionsIn(moduleOf(APP))
    expect([authenticate, isOwnerOnly]).toEqual([undefined, true])
    const principal = { tenant: 'default', user: 'alice', expiresAtMs: undefined }
    const rules = access as Record<string, (user: string, space: string, principal: object) => unknown>
    expect(rules.room?.('alice', 'room:alice', principal)).toBe('write')
    expect(rules.room?.('alice', 'room:lobby', principal)).toBe('none')
  })

  it.each([
    ['', /must export `app`/],
    ['export const app = 5', /must export `app`/],
    [`${APP}export const access = 5`, /`access` must hold one rule a kind/],
    [`${APP}export const authenticate = 'jwt'`, /`authenticate` must be a function/],
    [`${APP}export const access = { user() {} }`, /\d\.mjs: access: add `room`/],
    ['throw new Error("of its own\\nand more")', /\d\.mjs could not be loaded: Error: of its own/],
    ['throw 5', /could not be loaded: 5$/],
    ['import "./nothing.mjs"', /could not be loaded: Cannot find .*nothing\.mjs/],
  ])('that exports too little (%j) is told what it lacks', async (code, message) => {
    const loading = definitionsIn(moduleOf(code))
    await expect(loading).rejects.toThrow(message)
    await expect(loading).rejects.toBeInstanceOf(SettingsError)
    await expect(loading).rejects.toMatchObject({ detail: undefined, message: expect.not.stringContaining('\n') })
  })

  it('that throws shows its stack to whoever asks for it', async () => {
    const loading = definitionsIn(moduleOf('throw new Error("of its own")'), { withStack: true })
    await expect(loading).rejects.toMatchObject({ detail: expect.stringMatching(/^Error: of its own\n +at /) })
  })
})
