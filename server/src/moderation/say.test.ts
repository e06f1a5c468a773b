// Goal: only what may be seen by others reaches a lane, and everyone is told what they may know of it. Method: a backend with its lanes over
// memory under a virtual clock; what is looked at is the ring, as a viewer has it.
import { describe, expect, it } from 'vitest'
import { user } from '../../test/backend-world.ts'
import { ADA, BOB, HOST, LIVE, ShowWorld } from '../../test/show-world.ts'
import { settle } from '../../test/virtual-clock.ts'
import { CHECK_LOG_EVERY_MS, HELD_MAX, HELD_PER_USER_MAX, REREAD_MS, SAY_BYTES_MAX } from './bounds.ts'
import type { CheckAnswer, ToCheck } from './content-check.ts'
import { SAY_PACES } from './create-moderation.ts'

const LANE = { space: LIVE, lane: 'danmu' }
const MINUTE_MS = 60_000

describe('say', () => {
  it('[L1] what passes everything is in the next tick, under the id that its user gave, once', async () => {
    const world = await ShowWorld.started()
    expect(await world.say('hello', { id: 'a' })).toBe('a')
    expect(await world.say('hello', { id: 'a' })).toBe('a')
    expect(await world.say('from me', { id: 'a', by: BOB })).toBe('a')
    const { id } = await world.backend.backend.say(ADA, { ...LANE, body: { text: 'no id' } })
    expect(id).toMatch(/^[A-Za-z0-9_-]{21}$/)
    expect(await world.shown()).toEqual(['hello', 'from me', 'no id'])
  })

  it('is for who may write there, in lanes that the kind has', async () => {
    const world = await ShowWorld.started()
    expect(await world.say('x', { by: user('guest') })).toBe('forbidden')
    expect(await world.say('x', { by: user('stranger') })).toBe('forbidden')
    expect(await world.say('x', { lane: 'nowhere' })).toBe('not-found')
    expect(await world.say('x', { lane: 'presence' })).toBe('not-found')
    expect(await world.say('x', { id: 'not an id' })).toBe('bad-request')
    for (const space of ['room:1', 'nowhere:1', 'moderation'])
      await expect(world.backend.backend.say(HOST, { ...LANE, space, body: { text: 'x' } })).rejects.toMatchObject({ code: 'not-found' })
    await expect(world.backend.backend.say(ADA, { ...LANE, space: 'no space', body: {} })).rejects.toMatchObject({ code: 'bad-request' })
    expect(await world.shown()).toEqual([])
  })

  it('[L1] holds a body against the schema of the lane, and against a size', async () => {
    const world = await ShowWorld.started()
    const paced = { by: HOST }
    expect(await world.sayBody({ text: 1 }, paced)).toBe('invalid')
    expect(await world.sayBody(undefined, paced)).toBe('invalid')
    expect(await world.sayBody('x', paced)).toBe('invalid')
    expect(await world.sayBody({ text: 'x', more: 'y'.repeat(SAY_BYTES_MAX) }, paced)).toBe('too-large')
    expect(await world.sayBody({ text: '語'.repeat(1400) }, paced)).toBe('too-large')
    await world.sayBody({ text: 'x', unknown: 'field' }, { id: 'a' })
    await world.clock.pass(1000)
    expect((await world.backend.backend.lane(HOST, LIVE, 'danmu', 0)).text).toContain('"body":{"text":"x"}')
  })

  it('[L1] keeps everyone to a pace, in a lane and over all of them, and says when to come again', async () => {
    const world = await ShowWorld.started()
    const outcomes = async (count: number, options = {}) => {
      const said = []
      for (let at = 0; at < count; at++) said.push(await world.say(`t${at}`, options))
      return said.filter((outcome) => outcome !== 'rate-limited').length
    }
    expect(await outcomes(30)).toBe(SAY_PACES.lane.burst)
    const refused = world.backend.backend.say(ADA, { ...LANE, body: { text: 'x' } })
    await expect(refused).rejects.toMatchObject({ code: 'rate-limited', afterMs: 1000 / SAY_PACES.lane.perS })
    expect(await outcomes(1, { by: BOB })).toBe(1)
    const taps = async () => {
      let taken = 0
      for (let at = 0; at < 30; at++) if ((await world.sayBody({ at }, { lane: 'taps' })) !== 'rate-limited') taken += 1
      return taken
    }
    expect(await taps()).toBe(SAY_PACES.all.burst - SAY_PACES.lane.burst)
    await world.clock.pass(2000)
    expect(await outcomes(30)).toBe(2 * SAY_PACES.lane.perS)
    const anonymous = { ...user('anon-1'), anonymous: true as const }
    expect(await outcomes(30, { by: anonymous })).toBe(SAY_PACES.anonymousLane.burst)
    expect(await outcomes(50, { by: HOST })).toBe(50)
  })

  it('drops what who is muted says, and tells them nothing; until the time is over, by the clock', async () => {
    const world = await ShowWorld.started()
    await world.act('mute', { user: 'ada', forMs: MINUTE_MS })
    expect(await world.say('unheard', { id: 'a' })).toBe('a')
    expect(await world.sayBody({ text: 1 })).toBe('invalid')
    expect(await world.shown()).toEqual([])
    await world.clock.pass(MINUTE_MS)
    await world.say('heard')
    expect(await world.shown()).toEqual(['heard'])
    await world.act('mute', { user: 'ada' })
    await world.clock.pass(100 * MINUTE_MS)
    await world.say('unheard')
    await world.act('forgive', { user: 'ada' })
    await world.say('again')
    expect(await world.shown()).toEqual(['heard', 'again'])
  })

  it('refuses who is blocked, and says until when and why', async () => {
    const world = await ShowWorld.started()
    await world.act('block', { user: 'ada', forMs: MINUTE_MS, because: 'shouts' })
    const said = world.backend.backend.say(ADA, { ...LANE, body: { text: 'x' } })
    await expect(said).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining(' until 2023-11-14 22:15 UTC, because: shouts.'),
    })
    expect(await world.say('from bob', { by: BOB })).not.toBe('forbidden')
    await world.clock.pass(MINUTE_MS)
    expect(await world.say('back')).not.toBe('forbidden')
    await world.act('block', { user: 'ada' })
    expect(await world.say('x')).toBe('forbidden')
    expect(await world.shown()).toEqual(['from bob', 'back'])
  })

  it('takes nothing in a lane that is stopped but what is announced; resumed it goes on', async () => {
    const world = await ShowWorld.started()
    await world.act('stop', LANE)
    expect([await world.say('x'), await world.say('x', { by: HOST })]).toEqual(['unavailable', 'unavailable'])
    expect(await world.sayBody({ at: 1 }, { lane: 'taps' })).not.toBe('unavailable')
    await world.act('announce', { ...LANE, id: 'n1', text: 'Five minutes' })
    expect(await world.shown()).toEqual(['! Five minutes'])
    await world.act('resume', LANE)
    await world.say('back')
    expect(await world.shown()).toEqual(['! Five minutes', 'back'])
    expect(await world.documents('outgoing')).toEqual({})
  })

  it('adjusts and clears a lane while it runs', async () => {
    const world = await ShowWorld.started()
    await world.say('old')
    await world.shown()
    await world.act('adjust', { ...LANE, cap: 1 })
    await world.say('one')
    await world.say('two')
    expect(await world.shown()).toEqual(['old', 'two'])
    await world.act('clear', LANE)
    await world.say('new')
    expect(await world.shown()).toEqual(['new'])
  })
})

describe('words', () => {
  it('[L1] are dropped, masked or held, as listed, at once when the list changes; admins say what they like', async () => {
    const world = await ShowWorld.started()
    await world.act('addWords', { words: ['mild'], action: 'mask' })
    await world.act('addWords', { words: ['rude'], action: 'drop' })
    await world.act('addWords', { words: ['doubtful'], action: 'hold' })
    for (const text of ['hello', 'so m1ld', 'how r.u.d.e', 'doubtful, rude']) await world.say(text)
    await world.say('rude and mild', { by: HOST })
    expect(await world.shown()).toEqual(['hello', 'so ****', 'rude and mild'])
    expect(Object.values(await world.documents('held'))).toMatchObject([
      { ...LANE, by: 'ada', body: { text: 'doubtful, rude' }, text: 'doubtful, rude', because: 'the word "doubtful"' },
    ])
    await world.act('removeWords', { words: ['mild', 'rude'] })
    await world.say('rude')
    await world.say('mild')
    expect((await world.shown()).slice(3)).toEqual(['rude', 'mild'])
  })

  it('are as they were until a long list is built, and nobody waits for it', async () => {
    const world = await ShowWorld.started()
    await world.act('addWords', { words: ['rude'], action: 'drop' })
    const list = (at: number) => Array.from({ length: 500 }, (_, n) => `listed word number ${at} ${n}`)
    for (let at = 0; at < 4; at++) await world.backend.mutate(HOST, 'moderation', 'addWords', { words: [...list(at)], action: 'mask' })
    await settle()
    await world.say('rude')
    await world.clock.pass(1000)
    await world.say(list(3)[7] as string)
    expect(await world.shown()).toEqual([expect.stringMatching(/^\*+$/)])
  })
})

describe('the hold queue', () => {
  async function holding(): Promise<ShowWorld> {
    const world = await ShowWorld.started()
    await world.act('addWords', { words: ['hm'], action: 'hold' })
    return world
  }

  it('keeps what waits until somebody releases or discards it; what is released appears once', async () => {
    const world = await holding()
    await world.say('hm one', { id: 'a' })
    await world.say('hm two', { id: 'b' })
    expect(await world.shown()).toEqual([])
    const [one, two] = await world.held()
    await world.act('release', { id: one as string })
    await world.act('discard', { id: two as string })
    const shown = await world.shown()
    expect(shown).toHaveLength(1)
    expect(await world.held()).toEqual([])
    expect(await world.documents('outgoing')).toEqual({})
    await world.clock.pass(10_000)
    expect(await world.shown()).toEqual(shown)
  })

  it('holds once what is said again under one id, whoever else uses it; and what is released and said again is shown once', async () => {
    const world = await holding()
    for (let time = 0; time < 3; time++) expect(await world.say('hm', { id: 'a' })).toBe('a')
    await world.say('hm from bob', { id: 'a', by: BOB })
    const [first, second, ...more] = await world.held()
    expect(more).toEqual([])
    await world.act('release', { id: first as string })
    await world.say('hm', { id: 'a' })
    for (const id of await world.held()) await world.act('release', { id })
    expect(second).toBeDefined()
    expect((await world.shown()).sort()).toEqual(['hm', 'hm from bob'])
  })

  it('is durable before it is answered, and has an end: what would be one more is refused', async () => {
    const world = await holding()
    const doc = JSON.stringify({ ...LANE, item: 'i', by: 'eve', body: { text: 'hm' }, text: 'hm', because: '', atMs: 0 })
    const change = (id: number) => ({ collection: 'held', id: `h${id}`, creator: '', created: 'now' as const, doc })
    for (let at = 0; at < HELD_MAX; at += 1000) {
      const count = at === 0 ? 999 : 1000
      const changes = Array.from({ length: count }, (_, n) => change(at + n))
      await world.backend.changelog.write(async (tenant) => void (await tenant('default').commit('moderation', changes, undefined, 0)))
    }
    await world.clock.pass(REREAD_MS)
    const both = await Promise.all([world.say('hm last', { id: 'x' }), world.say('hm too many', { id: 'y' })])
    expect(both).toEqual(['x', 'rate-limited'])
    expect(await world.say('fine')).not.toBe('rate-limited')
    await world.act('discard', { id: 'h1' })
    expect(await world.say('hm again', { id: 'z' })).toBe('z')
  })

  it('is filled by no single user: what is theirs has an end of its own, and what waits may be said again', async () => {
    const many = { perS: 100, burst: 5000 }
    const world = await ShowWorld.started({ moderation: { paces: { lane: many, all: many } } })
    await world.act('addWords', { words: ['hm'], action: 'hold' })
    const codes = await Promise.all(Array.from({ length: HELD_PER_USER_MAX + 2 }, (_, n) => world.say('hm', { id: `h${n}` })))
    expect(codes.filter((code) => code === 'rate-limited')).toHaveLength(2)
    expect(await world.say('hm', { id: 'h0' })).toBe('h0')
    expect(await world.say('hm', { id: 'b', by: BOB })).toBe('b')
    expect(await world.say('fine', { id: 'f' })).toBe('f')
    const [first] = await world.held()
    await world.act('discard', { id: first as string })
    expect(await world.say('hm', { id: 'next' })).toBe('next')
    expect(await world.say('hm', { id: 'past' })).toBe('rate-limited')
  })
})

describe('the content check of the app', () => {
  async function checked(check: (said: ToCheck) => CheckAnswer | Promise<CheckAnswer>, more = {}): Promise<ShowWorld> {
    return ShowWorld.started({
      moderation: { check, paces: { lane: { perS: 100, burst: 5000 }, all: { perS: 100, burst: 5000 } }, ...more },
    })
  }

  it('decides last, over what the words left', async () => {
    const asked: ToCheck[] = []
    const answers: Record<string, CheckAnswer> = { no: 'drop', maybe: 'hold', rough: { mask: 'smooth' } }
    const world = await checked((said) => {
      asked.push(said)
      return answers[said.text ?? ''] ?? 'say'
    })
    await world.act('addWords', { words: ['rude'], action: 'drop' })
    await world.act('addWords', { words: ['mild'], action: 'mask' })
    for (const text of ['yes', 'no', 'maybe', 'rough', 'rude', 'mild']) await world.say(text)
    expect(await world.shown()).toEqual(['yes', 'smooth', '****'])
    expect(asked.map(({ text }) => text)).toEqual(['yes', 'no', 'maybe', 'rough', '****'])
    expect(asked[0]).toEqual({ tenant: 'default', user: 'ada', ...LANE, body: { text: 'yes' }, text: 'yes' })
    expect(Object.values(await world.documents('held'))).toMatchObject([{ because: 'the content check', body: { text: 'maybe' } }])
  })

  it.each([
    ['throws', () => Promise.reject(new Error('down'))],
    [
      'throws at once',
      () => {
        throw new Error('down')
      },
    ],
    ['hangs', () => new Promise<never>(() => {})],
    ['answers nonsense', () => 'yes' as never],
    ['answers nothing', () => undefined as never],
  ])('that %s holds what it was asked for, in time, or does what the app says', async (_, check) => {
    for (const [withoutCheck, shown, held] of [
      [undefined, 0, 1],
      ['say', 1, 0],
      ['drop', 0, 0],
    ] as const) {
      const world = await checked(check, { withoutCheck })
      const said = world.say('x', { id: 'a' })
      await world.clock.pass(500)
      expect(await said).toBe('a')
      expect([(await world.shown()).length, (await world.held()).length]).toEqual([shown, held])
    }
  })

  it('that is late tells the log once a minute, and is not asked without end', async () => {
    let asked = 0
    const world = await checked(
      () => {
        asked += 1
        return new Promise<never>(() => {})
      },
      { withoutCheck: 'drop' },
    )
    const lines = () => world.backend.logged.filter(({ message }) => message.includes('content check')).length
    const crowd = Promise.all(Array.from({ length: 1500 }, (_, at) => world.say(`t${at}`)))
    await world.clock.pass(500)
    await crowd
    expect([asked, lines()]).toEqual([1000, 1])
    await world.clock.pass(CHECK_LOG_EVERY_MS)
    await world.say('x')
    expect([asked, lines()]).toEqual([1000, 2])
  })
})

describe('what the server knows of the space moderation', () => {
  it('a lost hint costs a bounded time', async () => {
    const world = await ShowWorld.started()
    await world.say('first')
    const { bus } = world.backend
    const publish = bus.publish
    bus.publish = (hint) => {
      if (hint.space !== 'moderation') publish(hint)
    }
    await world.act('stop', LANE)
    await world.act('announce', { ...LANE, id: 'n1', text: 'hi' })
    expect(await world.say('still')).not.toBe('unavailable')
    await world.clock.pass(REREAD_MS)
    expect(await world.say('x')).toBe('unavailable')
    expect(await world.shown()).toContain('! hi')
  })

  it('is read anew after a start, before anything is said, and where the server was set back', async () => {
    const world = await ShowWorld.started()
    const before = world.backend.memory.snapshot()
    await world.act('addWords', { words: ['rude'], action: 'drop' })
    await world.act('block', { user: 'bob' })
    const again = await ShowWorld.started({ changelog: world.backend.memory, store: world.store })
    await again.say('rude')
    expect(await again.say('x', { by: BOB })).toBe('forbidden')
    expect(await again.shown()).toEqual([])
    world.backend.memory.restore(before)
    await again.clock.pass(REREAD_MS)
    await again.say('rude')
    expect(await again.say('back', { by: BOB })).not.toBe('forbidden')
    expect(await again.shown()).toEqual(['rude', 'back'])
  })

  it('is one for each tenant', async () => {
    const world = await ShowWorld.started()
    await world.act('addWords', { words: ['rude'], action: 'drop' })
    await world.say('rude', { by: user('ada', 'elsewhere') })
    await world.clock.pass(1000)
    const elsewhere = await world.backend.backend.lane(user('host', 'elsewhere'), LIVE, 'danmu', 0)
    expect(elsewhere.text).toContain('rude')
    expect(await world.shown()).toEqual([])
  })

  it('that cannot be read refuses nothing for good, and lets nothing through unseen', async () => {
    const world = await ShowWorld.started()
    const { read } = world.backend.changelog
    Object.assign(world.backend.changelog, { read: () => Promise.reject(new Error('a fault of the engine')) })
    expect(await world.say('x')).toBe('unavailable')
    Object.assign(world.backend.changelog, { read })
    expect(await world.say('x', { id: 'a' })).toBe('a')
  })

  it('is forgotten where nobody uses it for long, with its timer, and found again', async () => {
    const world = await ShowWorld.started()
    await world.act('addWords', { words: ['rude'], action: 'drop' })
    await world.say('x')
    await world.clock.pass(1000)
    const timers = world.clock.timers
    await world.clock.pass(11 * MINUTE_MS)
    expect(world.clock.timers).toBeLessThan(timers)
    await world.say('rude')
    await world.say('fine')
    expect(await world.shown()).toContain('fine')
    expect(await world.shown()).not.toContain('rude')
  })
})
