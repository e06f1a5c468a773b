import { errorFromWire, LIMITS, type SyncError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { ANSWER_WITHIN_MS, boundsOf, NOT_SENDING, type Sending, type SendingEvent, sendingWakeAtMs, stepSending } from './sending.ts'

const NOW = 1000
const error = (code: string, more: object = {}): SyncError => errorFromWire({ code, message: code, retryable: true, ...more })
const connected: SendingEvent = { type: 'connected', batchMax: LIMITS.batch, bytesMax: LIMITS.bytes }

/** Runs events one after the other; the last step is returned. */
function run(events: readonly SendingEvent[], state: Sending = NOT_SENDING, nowMs = NOW) {
  let last = { state, effects: [] as readonly string[] }
  for (const event of events) last = stepSending(last.state, event, nowMs, 0.5)
  return last
}
const loaded = (first: number, count: number): SendingEvent => ({ type: 'loaded', first, count })
const inHand = run([connected, loaded(7, 10)]).state
const answered = (progressed: boolean, because?: SyncError): SendingEvent => ({
  type: 'answered',
  acked: progressed ? 1 : 0,
  error: because,
})

describe('sending', () => {
  it('[M4] what is pending is sent after each connect', () => {
    expect(run([connected]).effects).toEqual(['load'])
    expect(run([{ type: 'disconnected' }, connected], inHand).effects).toEqual(['load'])
  })

  it('one batch is in hand, the next leaves on its answer', () => {
    expect(run([{ type: 'appended' }], inHand)).toEqual({ state: inHand, effects: [] })
    expect(run([answered(true)], inHand).effects).toEqual(['load'])
  })

  it('nothing pending rests until something is appended', () => {
    const idle = run([connected, loaded(0, 0)]).state
    expect(sendingWakeAtMs(idle)).toBe(Number.POSITIVE_INFINITY)
    expect(run([{ type: 'appended' }], idle).effects).toEqual(['load'])
  })

  it('an answer that does not come means a new connection, and smaller batches', () => {
    expect(sendingWakeAtMs(inHand)).toBe(NOW + ANSWER_WITHIN_MS)
    const late = run([{ type: 'time' }], inHand, NOW + ANSWER_WITHIN_MS)
    expect(late.effects).toEqual(['reconnect'])
    expect(boundsOf(late.state).mutationsMax).toBe(LIMITS.batch / 2)
    expect(boundsOf(late.state).bytesMax).toBeLessThan(boundsOf(inHand).bytesMax)
  })

  it('batches grow again as they pass', () => {
    const small = { ...inHand, shrink: 3 }
    expect(run([answered(true)], small).state.shrink).toBe(2)
  })

  it('[M3] out-of-order: what is first is read again at once, then ever later', () => {
    const once = run([answered(false, error('out-of-order', { n: 7, expected: 5 }))], inHand)
    expect(once.effects).toEqual(['load'])
    const twice = run([loaded(7, 10), answered(false, error('out-of-order', { n: 7, expected: 5 }))], once.state)
    expect(twice.effects).toEqual([])
    expect(twice.state.stage).toMatchObject({ name: 'waiting', because: { code: 'out-of-order', expected: 5 } })
  })

  it('[M5] client-conflict: what was healed is sent at once, then ever later', () => {
    const once = run([answered(false, error('client-conflict', { n: 7 }))], inHand)
    expect(once.effects).toEqual(['load'])
    const twice = run([loaded(7, 10), answered(false, error('client-conflict', { n: 7 }))], once.state)
    expect(twice.effects).toEqual([])
    expect(twice.state.stage).toMatchObject({ name: 'waiting', because: { code: 'client-conflict' } })
  })

  it('[M5] the same one may be in doubt again after nothing was left to send', () => {
    const again = run([answered(true), loaded(0, 0), { type: 'appended' }, loaded(7, 1)], inHand)
    expect(again.state.stage.name).toBe('in hand')
  })

  for (const code of ['unavailable', 'internal', 'rate-limited', 'a code of the future'])
    it(`[M3] ${code} is tried again, not before what the server asks`, () => {
      const { state, effects } = run([answered(false, error(code, { afterMs: 40_000 }))], inHand)
      expect(effects).toEqual([])
      expect(sendingWakeAtMs(state)).toBeGreaterThanOrEqual(NOW + 40_000)
      expect(sendingWakeAtMs(state)).toBeLessThanOrEqual(NOW + 42_000)
      expect(run([{ type: 'time' }], state, sendingWakeAtMs(state)).effects).toEqual(['load'])
    })

  it('a batch that is too large is halved at once; one alone waits', () => {
    const halved = run([answered(false, error('too-large'))], inHand)
    expect(halved.effects).toEqual(['load'])
    expect(boundsOf(halved.state).mutationsMax).toBe(LIMITS.batch / 2)
    const alone = run([loaded(7, 1), answered(false, error('too-large'))], halved.state)
    expect(alone.state.stage.name).toBe('waiting')
  })

  it('at least one mutation always fits', () => {
    const least = { ...inHand, shrink: 6, batchMax: 1, bytesMax: 1 }
    expect(boundsOf(least)).toEqual({ mutationsMax: 1, bytesMax: 1 })
  })

  it('acks that settle nothing do not lead to a storm: the same batch is not sent again at once', () => {
    const again = run([answered(true), loaded(7, 10)], inHand)
    expect(again.state.stage.name).toBe('waiting')
    const later = run([{ type: 'time' }, loaded(7, 10)], again.state, sendingWakeAtMs(again.state))
    expect(later.state.stage.name).toBe('in hand')
  })

  it('counts how often each was sent, and why the last attempt led nowhere; what is settled is forgotten', () => {
    const unavailable = error('unavailable')
    const internal = error('internal')
    const told = (state: Sending) => [...state.attempts].map(([n, { attempts, sent, error }]) => [n, attempts, sent, error?.code])
    const small = run([connected, loaded(7, 2)]).state
    expect(told(small)).toEqual([
      [7, 1, true, undefined],
      [8, 1, true, undefined],
    ])
    const failed = run([answered(false, unavailable)], small, NOW).state
    expect(told(failed)).toEqual([
      [7, 1, false, 'unavailable'],
      [8, 1, false, 'unavailable'],
    ])
    // 7 was acknowledged.
    const further = run([{ type: 'time' }, loaded(7, 3), answered(true, internal)], failed, NOW + 100_000)
    const last = run([{ type: 'time' }, loaded(8, 2)], further.state, NOW + 200_000).state
    expect(told(last)).toEqual([
      [8, 3, true, 'internal'],
      [9, 2, true, 'internal'],
    ])
    const cut = run([{ type: 'disconnected', because: unavailable }], last).state
    expect(told(cut).map(([, , ...rest]) => rest)).toEqual([
      [false, 'unavailable'],
      [false, 'unavailable'],
    ])
    expect(told(run([{ type: 'disconnected' }], last).state)[0]).toEqual([8, 3, false, 'internal'])
    expect(told(run([connected, loaded(0, 0)], cut).state)).toEqual([])
  })

  it('what waits for a quiet radio keeps its attempts', () => {
    const held = run([connected, loaded(7, 0)], run([answered(false, error('unavailable'))], inHand).state).state
    expect(held.attempts.get(7)?.attempts).toBe(1)
  })

  it('"try now" ends the wait, not before what the server asks and no sooner than a second after the last answer', () => {
    const retry: SendingEvent = { type: 'retry' }
    const failures = { ...inHand, failures: 5 }
    const waits = run([answered(false, error('unavailable'))], failures).state
    expect(sendingWakeAtMs(waits)).toBe(NOW + 15_000)
    expect(sendingWakeAtMs(run([retry], waits).state)).toBe(NOW + 1000)
    expect(run([retry], waits, NOW + 1000).effects).toEqual(['load'])
    const asked = run([answered(false, error('rate-limited', { afterMs: 40_000 })), retry], failures)
    expect([sendingWakeAtMs(asked.state), asked.effects]).toEqual([NOW + 40_000, []])
    expect(run([retry], waits, NOW + 2000).effects).toEqual(['load'])
    // What is in hand is not sent twice, what rests is looked at, and a short wait is not made longer.
    expect(run([retry], inHand)).toEqual({ state: inHand, effects: [] })
    expect(run([retry], run([connected, loaded(0, 0)]).state).effects).toEqual(['load'])
    const soon = stepSending(inHand, answered(false, error('unavailable')), NOW, 0.1).state
    expect(sendingWakeAtMs(run([retry], soon).state)).toBe(NOW + 200)
  })

  it('an answer to a batch that is not in hand changes nothing', () => {
    const idle = run([connected, loaded(0, 0)]).state
    expect(run([answered(true)], idle)).toEqual({ state: idle, effects: [] })
  })
})
