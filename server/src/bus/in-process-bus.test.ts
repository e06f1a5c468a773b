import { toVersion } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import type { Hint } from './bus.ts'
import { inProcessBus } from './in-process-bus.ts'

const hint: Hint = { tenant: 'default', space: 'room:1', version: toVersion(3) }

describe('inProcessBus', () => {
  it('tells every listener, also when one of them throws', () => {
    const errors: unknown[] = []
    const heard: Hint[] = []
    const bus = inProcessBus((error) => errors.push(error))
    bus.subscribe(() => {
      throw new Error('broken listener')
    })
    bus.subscribe((told) => heard.push(told))
    bus.publish(hint)
    expect(heard).toEqual([hint])
    expect(errors).toHaveLength(1)
  })

  it('ends one subscription and leaves the others, the same listener twice included', () => {
    let heard = 0
    const bus = inProcessBus()
    const listener = () => {
      heard += 1
    }
    const end = bus.subscribe(listener)
    bus.subscribe(listener)
    end()
    end()
    bus.publish(hint)
    expect(heard).toBe(1)
  })
})
