// Goal: a file that is damaged, in use or somebody else's costs the lanes and nothing else, and says what to do. Method: real files.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { LaneWorld, textsOf } from '../../../test/lane-world.ts'
import { STORE_RETRY_MS } from '../bounds.ts'
import { sqliteLaneStore } from './sqlite-lane-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-lane-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const newFile = () => join(folder, `${files++}`, 'lanes.db')

/** A file with a ring of `count` ticks. */
async function filled(count = 3): Promise<string> {
  const file = newFile()
  const world = await LaneWorld.started({ store: sqliteLaneStore(file) })
  for (let at = 0; at < count; at++) {
    await world.say(`${at} ${'x'.repeat(2000)}`, { id: `f${at}` })
    await world.clock.pass(1000)
  }
  await world.engine.stop()
  return file
}

describe('the file of lanes', () => {
  it('makes its folder, is in WAL mode, and has everything after a restart', async () => {
    const file = await filled()
    const world = await LaneWorld.started({ store: sqliteLaneStore(file) })
    expect((await world.ring()).ticks.length).toBe(3)
    await world.engine.stop()
    // Byte 18 of the header: 2 stands for WAL.
    expect(readFileSync(file)[18]).toBe(2)
  })

  it('that another process has is told so, costs no log, and is used once it is free', async () => {
    const file = await filled()
    const other = sqliteLaneStore(file)
    await other.ready()
    const store = sqliteLaneStore(file)
    await expect(store.ready()).rejects.toThrow(/in use by another process: one server at a time/)
    const world = await LaneWorld.started({ store })
    await expect(world.say('a', { id: 'x' })).rejects.toMatchObject({ code: 'unavailable' })
    await other.close()
    await world.clock.pass(STORE_RETRY_MS)
    await world.say('a', { id: 'x' })
    await world.clock.pass(1000)
    expect(world.ticks.map(textsOf)).toEqual([['a']])
    await world.engine.stop()
  })

  it.each([
    ['no database at all', (file: string) => writeFileSync(file, 'x'.repeat(8192))],
    ['damaged in its header', (file: string) => flip(file, (bytes) => bytes.fill(0, 0, 100))],
    ['damaged in its pages', (file: string) => flip(file, (bytes) => bytes.fill(0xff, 4096))],
  ])('%s: it says what to do, and says are unavailable', async (_, damage) => {
    const file = await filled()
    damage(file)
    const store = sqliteLaneStore(file)
    await expect(store.ready()).rejects.toThrow(/Move it away/)
    const world = await LaneWorld.started({ store })
    await expect(world.say('a')).rejects.toMatchObject({ code: 'unavailable', message: 'Lanes cannot be kept now. Try again.' })
    await world.engine.stop()
  })

  it("another application's, or a later build's, is left alone", async () => {
    const theirs = newFile()
    await sqliteLaneStore(theirs)
      .ready()
      .catch(() => {})
    for (const [sql, text] of [
      ['pragma application_id = 7', /belongs to something else/],
      [`pragma application_id = ${0x54644c6e}; pragma user_version = 99`, /later Tidemark/],
    ] as const) {
      const file = join(folder, `theirs${files++}.db`)
      const db = new DatabaseSync(file)
      db.exec(`create table mine (id integer); ${sql}`)
      db.close()
      await expect(sqliteLaneStore(file).ready()).rejects.toThrow(text)
      const after = new DatabaseSync(file)
      expect(after.prepare('select name from sqlite_schema').all()).toEqual([{ name: 'mine' }])
      after.close()
    }
  })

  it('a damaged row is left out, and what was said beside it still leaves', async () => {
    const file = await filled()
    let world = await LaneWorld.started({ store: sqliteLaneStore(file) })
    await world.say('lost', { id: 'x' })
    await world.say('kept', { id: 'y' })
    await closedAsByACrash(world)
    const db = new DatabaseSync(file)
    db.exec("update says set text = replace(text, 'lost', 'lust') where text like '%lost%'")
    db.exec('update ticks set checksum = checksum + 1 where tick = (select min(tick) from ticks)')
    db.close()
    world = await LaneWorld.started({ store: sqliteLaneStore(file) })
    expect(world.ticks.map((tick) => [textsOf(tick), tick.late])).toEqual([[['kept'], true]])
    expect((await world.ring()).ticks.length).toBe(3)
    await world.engine.stop()
  })

  it('no file is no store', () => {
    expect(() => sqliteLaneStore('')).toThrow(TypeError)
    expect(() => sqliteLaneStore(':memory:')).toThrow(TypeError)
  })
})

/** Without a merge, which `stop` would do. */
async function closedAsByACrash(world: LaneWorld): Promise<void> {
  await world.store.close()
}

function flip(file: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file)
  change(bytes)
  writeFileSync(file, bytes)
}
