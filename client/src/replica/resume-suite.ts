import type { Change, OlderPage, Range } from '@tidemark/shared'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { room, texts } from './model/open-core.ts'
import { createReplicaCore, type ReplicaCore } from './replica-core.ts'
import type { ReplicaStorage } from './storage.ts'
import type { SuiteRunner } from './storage-contract-suite.ts'

/** One device: its storage, again after each start. */
export interface Device {
  open(): Promise<ReplicaStorage>
  /** The process dies; what was committed stays. */
  crash(storage: ReplicaStorage): Promise<void>
}

/** What comes, and what is shown, stated and told once it is done. */
interface Step {
  readonly does: Range | OlderPage | string
  readonly shows: string
  /** Number and seal that the server is told next. */
  readonly states: string
  readonly partial: boolean
}

const del = (v: number, id: string) => ({ v, c: 'messages', id, del: true }) as unknown as Change
const range = (from: number, on: string, to: number, seal: string, changes: readonly Change[], more: object = {}) =>
  rangeOf(from, to, changes, { on, seal, ...more })
const page = (head: number, floor: number, docs: readonly Change[]) => ({ docs, floor, head, seal: `s${head}` }) as unknown as OlderPage
const put = (v: number, id: string, more: object = {}) => message(v, id, `${id}${v}`, more)

const whole: Step = {
  does: range(0, '', 3, 's3', [put(1, 'a'), put(2, 'b'), put(3, 'c')]),
  shows: 'a1 b2 c3',
  states: '3 s3',
  partial: false,
}
const pending: Step = { does: 'mine', shows: 'a1 b2 c3 mine?', states: '3 s3', partial: false }
const run = { compacted: true, head: 9 }

/** By what they are; each is a story that must end the same wherever the device dies in it. */
const STORIES: Readonly<Record<string, readonly Step[]>> = {
  '[R6] a reset of several pages is shown once it is whole, and until then what was there': [
    whole,
    pending,
    { does: range(0, 's3', 2, 't2', [put(1, 'n')], { reset: 'history', head: 9 }), shows: 'a1 b2 c3 mine?', states: '2 t2', partial: true },
    { does: range(2, 't2', 6, 't6', [put(5, 'a')], { head: 9 }), shows: 'a1 b2 c3 mine?', states: '6 t6', partial: true },
    { does: range(3, 's3', 4, 's4', [put(4, 'd')]), shows: 'a1 b2 c3 mine?', states: '6 t6', partial: true },
    { does: range(6, 't6', 9, 't9', [put(9, 'z')]), shows: 'n1 a5 z9 mine?', states: '9 t9', partial: false },
  ],
  '[R6] after a reset for `rights` the old is shown no longer': [
    whole,
    pending,
    { does: range(0, 's3', 2, 't2', [put(1, 'n')], { reset: 'rights', head: 9 }), shows: 'n1 mine?', states: '2 t2', partial: true },
    { does: range(2, 't2', 9, 't9', [put(9, 'z')]), shows: 'n1 z9 mine?', states: '9 t9', partial: false },
  ],
  '[R6] a reset that is itself overtaken by another begins again beside what is shown': [
    whole,
    { does: range(0, 's3', 2, 't2', [put(1, 'n')], { reset: 'history', head: 9 }), shows: 'a1 b2 c3', states: '2 t2', partial: true },
    { does: range(0, 't2', 1, 'u1', [put(1, 'o')], { reset: 'history', head: 2 }), shows: 'a1 b2 c3', states: '1 u1', partial: true },
    { does: range(1, 'u1', 2, 'u2', [put(2, 'p')]), shows: 'o1 p2', states: '2 u2', partial: false },
  ],
  '[C2] a compacted run goes on page by page, and is partial until its end': [
    whole,
    { does: range(3, 's3', 5, 'x9~3', [put(5, 'a', { b: 1 })], run), shows: 'a5 b2 c3', states: '5 x9~3', partial: true },
    { does: range(5, 's5', 6, 's6', [put(6, 'live')]), shows: 'a5 b2 c3', states: '5 x9~3', partial: true },
    { does: range(5, 'x9~3', 8, 'y9~3', [del(7, 'b'), put(8, 'd')], run), shows: 'a5 c3 d8', states: '8 y9~3', partial: true },
    { does: range(8, 'y9~3', 9, 's9', [del(9, 'c')], run), shows: 'a5 d8', states: '9 s9', partial: false },
  ],
  '[C3] damage: the copy begins anew beside what is shown': [
    whole,
    { does: range(3, 's3', 4, 's4', [{ v: 4, c: 'messages', id: 'x', set: {} } as never]), shows: 'a1 b2 c3', states: '0 ', partial: true },
    { does: range(0, '', 3, 's3', [put(3, 'c')], { head: 4 }), shows: 'a1 b2 c3', states: '3 s3', partial: true },
    { does: range(3, 's3', 4, 's4', [put(4, 'x')]), shows: 'c3 x4', states: '4 s4', partial: false },
  ],
  '[W1] a first sync that is cut, what is older after it, and a reset that cuts again': [
    { does: range(0, '', 6, 'x9~0', [put(6, 'f')], { ...run, floors: { messages: 4 } }), shows: 'f6', states: '6 x9~0', partial: true },
    { does: range(6, 'x9~0', 9, 's9', [put(9, 'i')], { ...run, floors: { messages: 5 } }), shows: 'f6 i9', states: '9 s9', partial: false },
    { does: page(9, 2, [put(5, 'e'), put(3, 'c')]), shows: 'c3 e5 f6 i9', states: '9 s9', partial: false },
    { does: page(9, 0, [put(7, 'b', { b: 2 })]), shows: 'b7 c3 e5 f6 i9', states: '9 s9', partial: false },
    {
      does: range(0, 's9', 8, 'z9~0', [put(7, 'b', { b: 2 })], { ...run, reset: 'horizon', floors: { messages: 8 } }),
      shows: 'b7 c3 e5 f6 i9',
      states: '8 z9~0',
      partial: true,
    },
    { does: range(8, 'z9~0', 9, 's9', [put(9, 'i')], { ...run, floors: { messages: 8 } }), shows: 'b7 i9', states: '9 s9', partial: false },
    { does: page(9, 3, [put(6, 'f'), put(5, 'e'), put(7, 'b', { b: 2 })]), shows: 'b7 e5 f6 i9', states: '9 s9', partial: false },
  ],
}

async function act(core: ReplicaCore, does: Step['does']): Promise<void> {
  if (typeof does === 'string') await core.mutate(room, 'send', { id: does, text: does })
  else if ('docs' in does) await core.takeOlder(room, 'messages', { page: async () => does, holds: async () => false })
  else await core.apply(does)
}

/** How what comes in several pages goes on after a crash at every step, held against one kind of device. */
export function describeResuming(name: string, { describe, it, expect }: SuiteRunner, newDevice: () => Device): void {
  describe(`pages, and crashes between them: ${name}`, () => {
    for (const [story, steps] of Object.entries(STORIES))
      it(story, async () => {
        // The last time nothing crashes.
        for (let crashAfter = 0; crashAfter <= steps.length; crashAfter++) {
          const device = newDevice()
          const open = async () => {
            const storage = await device.open()
            return createReplicaCore({ app: chatApp, storage, clock: handClock(), random: seededRandom(1), user: 'alice' })
          }
          let core = await open()
          const state = async () => {
            const { version, seal } = (await core.standings([room])).get(room) ?? { version: -1, seal: '' }
            const partial = (await core.copies([room])).get(room)?.partial
            return { shows: (await texts(core)).join(' '), states: `${version} ${seal}`, partial }
          }
          for (const [at, { does, ...expected }] of steps.entries()) {
            await act(core, does)
            expect(await state()).toEqual(expected)
            if (at !== crashAfter) continue
            await device.crash(core.storage)
            core = await open()
            expect(await state()).toEqual(expected)
          }
          await core.close()
        }
      })
  })
}
