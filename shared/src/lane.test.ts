// Goal: a lane whose numbers nobody could serve is told of where it is written.
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { collection, defineApp, lane, space } from './index.ts'

const Note = v.object({ text: v.string() })

describe('lane', () => {
  it('says which of its numbers is out of bounds', () => {
    expect(() => lane(Note, { tickMs: 50 })).toThrow(new TypeError('lane: tickMs must be 0, or 100 to 60000'))
    expect(() => lane(Note, { cap: 0 })).toThrow(/cap must be 1 to 1000/)
    expect(() => lane(Note, { ring: 301 })).toThrow(/ring must be 0 to 300/)
    expect(() => lane(Note, { archiveMs: 0.5 })).toThrow(/archiveMs/)
    expect(() => lane(Note, { archiveMs: 1000, tickMs: 0 })).toThrow(/archiveMs needs ticks/)
    expect(lane(Note)).toMatchObject({ tickMs: 1000, cap: 100, ring: 10, sampling: 'newest', public: false })
  })

  it('has a name that a lane may have', () => {
    const appWith = (name: string) => () => defineApp({ version: '1', spaces: { live: space({ lanes: { [name]: lane(Note) } }) } })
    expect(appWith('danmu')).not.toThrow()
    expect(appWith('Danmu')).toThrow(/lane live\.Danmu: a lower-case letter/)
    expect(appWith('presence')).toThrow(/lane live\.presence: presence is taken/)
  })

  it('leaves its name on a space to nobody else', () => {
    const app = () => defineApp({ version: '1', spaces: { live: space({ collections: { lane: collection(Note) } }) } })
    expect(app).toThrow(/collection live\.lane: lane is taken/)
  })
})
