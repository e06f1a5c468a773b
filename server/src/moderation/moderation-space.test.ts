// Goal: what admins do is done to the space `moderation`, by them alone, each act with its line of audit in the same commit.
import { type App, defineApp, type JsonObject, lane, laneSettingId, moderationSpace, space, toVersion } from '@tidemark/shared'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { ALL, app as appWithoutLanes, BackendWorld, everybody, NEW, user } from '../../test/backend-world.ts'
import { type Access, type AccessRules, assertAccessRules } from '../backend/access.ts'

const app = defineApp({
  version: '1',
  spaces: { live: space({ lanes: { danmu: lane(v.object({ text: v.string() }), { text: 'text' }) } }) },
}) as unknown as App
const [host, viewer, guard] = [user('host'), user('viewer'), user('guard')]
const LEVELS: Readonly<Record<string, Access>> = { host: 'admin', viewer: 'none', guard: 'read', writer: 'write' }
const access = { live: () => 'write' as const, moderation: (name: string) => LEVELS[name] ?? 'none' } as AccessRules
const NOW_MS = 1_700_000_000_000
const LIVE = { space: 'live:1', lane: 'danmu' }

/** Documents of one collection of the space, by id. */
async function documents(world: BackendWorld, collection: string): Promise<Record<string, JsonObject>> {
  const all = await world.changelog.read('default', (tx) => tx.documentsAfter('moderation', toVersion(0), ALL))
  return Object.fromEntries(all.flatMap((it) => (it.collection === collection && it.doc ? [[it.id, JSON.parse(it.doc)]] : [])))
}

async function audited(world: BackendWorld): Promise<string[]> {
  return Object.values(await documents(world, 'audit')).map(({ by, act, of }) => `${by} ${act}: ${of}`)
}

describe('the space moderation', () => {
  const begun = () => new BackendWorld({ app, access })
  const act = (world: BackendWorld, name: string, args: JsonObject, by = host) => world.mutate(by, 'moderation', name, args)

  it('adjusts, stops, resumes and clears a lane, one document each', async () => {
    const world = begun()
    await act(world, 'adjust', { ...LIVE, cap: 20 })
    await act(world, 'adjust', { ...LIVE, tickMs: 500 })
    await act(world, 'stop', LIVE)
    await act(world, 'clear', LIVE)
    expect(await documents(world, 'lanes')).toEqual({
      'live:1 danmu': { ...LIVE, cap: 20, tickMs: 500, stopped: true, clearedAtMs: NOW_MS },
    })
    await act(world, 'resume', LIVE)
    expect((await documents(world, 'lanes'))['live:1 danmu']).toMatchObject({ cap: 20, stopped: false })
    expect(await audited(world)).toEqual([
      'host adjust: live:1 danmu, cap 20',
      'host adjust: live:1 danmu, tickMs 500',
      'host stop: live:1 danmu',
      'host clear: live:1 danmu',
      'host resume: live:1 danmu',
    ])
  })

  it('clears a lane again where the clock has not gone on, or was set back', async () => {
    const world = begun()
    await act(world, 'clear', LIVE)
    await act(world, 'clear', LIVE)
    expect(await documents(world, 'lanes')).toMatchObject({ 'live:1 danmu': { clearedAtMs: NOW_MS + 1 } })
  })

  it('takes numbers that a lane could have, and names of any length', async () => {
    const world = begun()
    const outside: JsonObject[] = [{ tickMs: 0 }, { tickMs: 99 }, { cap: 0 }, { cap: 1001 }, { cap: 1.5 }]
    for (const wrong of outside) expect((await act(world, 'adjust', { ...LIVE, ...wrong })).error?.code).toBe('invalid')
    const long = `live:${'x'.repeat(128)}`
    expect((await act(world, 'stop', { space: long, lane: 'danmu' })).error).toBeUndefined()
    expect(laneSettingId(long, 'danmu')).not.toBe(laneSettingId(`${long.slice(0, -1)}y`, 'danmu'))
    expect(await documents(world, 'lanes')).toEqual({ [laneSettingId(long, 'danmu')]: { space: long, lane: 'danmu', stopped: true } })
  })

  it('mutes and blocks users for a while or for good, and forgives', async () => {
    const world = begun()
    await act(world, 'mute', { user: 'bob', forMs: 60_000 })
    await act(world, 'block', { user: 'eve', because: 'spam' })
    expect(await documents(world, 'people')).toEqual({
      bob: { user: 'bob', act: 'mute', untilMs: NOW_MS + 60_000, by: 'host', atMs: NOW_MS },
      eve: { user: 'eve', act: 'block', because: 'spam', by: 'host', atMs: NOW_MS },
    })
    await act(world, 'forgive', { user: 'bob' })
    expect(Object.keys(await documents(world, 'people'))).toEqual(['eve'])
    expect(await audited(world)).toEqual(['host mute: bob for 1 min', 'host block: eve: spam', 'host forgive: bob'])
  })

  it('keeps words under what is left of them when folded, 500 of them an act', async () => {
    const world = begun()
    await act(world, 'addWords', { words: ['Bad', 'F o o', 'constructor'], action: 'drop' })
    await act(world, 'addWords', { words: ['ＢＡＤ'], action: 'mask' })
    expect(await documents(world, 'words')).toMatchObject({
      bad: { word: 'ＢＡＤ', action: 'mask' },
      foo: { word: 'F o o', action: 'drop' },
      'constructor.': { word: 'constructor' },
    })
    await act(world, 'removeWords', { words: ['foo', 'constructor', 'never there'] })
    expect(Object.keys(await documents(world, 'words'))).toEqual(['bad'])
    const many = (count: number) => ({ words: Array.from({ length: count }, (_, at) => `word${at}`), action: 'hold' })
    expect((await act(world, 'addWords', many(500))).error).toBeUndefined()
    expect((await act(world, 'addWords', many(501))).error?.code).toBe('invalid')
    const nothing = await act(world, 'addWords', { words: ['good', ' . '], action: 'drop' })
    expect(nothing.error).toMatchObject({ code: 'rejected', message: expect.stringContaining('" . " is no word') })
    expect(await documents(world, 'words')).not.toHaveProperty('good')
  })

  it('releases or discards what is held, once', async () => {
    const world = begun()
    const held = { ...LIVE, item: 'i1', by: 'bob', body: { text: 'hm' }, text: 'hm', because: 'a word', atMs: NOW_MS }
    const hold = (id: string) =>
      world.backend.commits.run('default', 'server', [
        {
          key: undefined,
          user: '',
          size: 1,
          named: ['moderation'],
          assertMayWrite() {},
          run: (draft) => draft.put({ space: 'moderation', collection: 'held', id }, held),
        },
      ])
    await hold('a')
    await hold('b')
    await act(world, 'release', { id: 'a' })
    await act(world, 'discard', { id: 'b' })
    expect(await documents(world, 'held')).toEqual({})
    expect(await documents(world, 'outgoing')).toEqual({ a: { ...LIVE, item: 'i1', by: 'bob', body: { text: 'hm' }, atMs: NOW_MS } })
    expect((await act(world, 'release', { id: 'a' })).error?.code).toBe('rejected')
    expect(await audited(world)).toEqual(['host release: bob: hm', 'host discard: bob: hm'])
  })

  it('announces', async () => {
    const world = begun()
    await act(world, 'announce', { ...LIVE, id: 'n1', text: 'Five minutes' })
    expect(await documents(world, 'outgoing')).toEqual({
      n1: { ...LIVE, item: 'n1', by: 'host', body: { text: 'Five minutes' }, atMs: NOW_MS, announcement: true },
    })
  })

  it('is for admins: who may read it looks on, who may write changes nothing, everyone else sees nothing', async () => {
    const world = begun()
    await act(world, 'stop', LIVE)
    expect((await world.range(guard, 'moderation', NEW)).changes).toHaveLength(2)
    await expect(world.range(viewer, 'moderation', NEW)).rejects.toMatchObject({ code: 'forbidden' })
    expect((await act(world, 'resume', LIVE, guard)).error?.code).toBe('forbidden')
    expect((await act(world, 'resume', LIVE, user('writer'))).error?.code).toBe('rejected')
    const around = await world.put(host, 'moderation', 'lanes', 'live:1 danmu', { ...LIVE, stopped: false })
    expect(around.error?.code).toBe('forbidden')
    expect(await audited(world)).toEqual(['host stop: live:1 danmu'])
  })

  it('is nobody’s where there is no rule for it, and is not there where the app has no lanes', async () => {
    const world = new BackendWorld({ app, access: { live: () => 'admin' } as unknown as AccessRules })
    expect((await act(world, 'stop', LIVE)).error?.code).toBe('forbidden')
    const without = new BackendWorld()
    expect((await act(without, 'stop', LIVE)).error?.code).toBe('not-found')
    expect(() => assertAccessRules(appWithoutLanes, { ...everybody(appWithoutLanes), moderation: () => 'admin' })).toThrow(
      /the app has none/,
    )
  })

  it('has mutators that make no difference to anyone without its line: each act begins with one', () => {
    const acts = [
      'adjust',
      'stop',
      'resume',
      'clear',
      'mute',
      'block',
      'forgive',
      'addWords',
      'removeWords',
      'release',
      'discard',
      'announce',
    ]
    expect(Object.keys(moderationSpace.mutators)).toEqual(acts)
    expect(Object.keys(moderationSpace.args)).toEqual(acts)
  })
})
