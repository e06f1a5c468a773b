import { describe, expect, it } from 'vitest'
import { handClock } from './testing/hand-clock.ts'
import { createWorkQueue, WAITING_BYTES_MAX, WAITING_FRAMES_MAX, WORK_WITHIN_MS, type WorkQueue } from './work-queue.ts'

const clock = handClock()
const idle = (queue: WorkQueue) => new Promise<void>((resolve) => queue.push(async () => resolve()))
const offer = (queue: WorkQueue, bytes: number) => {
  const room = queue.hasRoom(bytes)
  if (room) queue.push(async () => {}, bytes)
  return room
}

describe('the work queue', () => {
  it('finishes one thing before it begins the next, whatever fails', async () => {
    const seen: unknown[] = []
    const queue = createWorkQueue(clock, (error) => seen.push(error))
    queue.push(async () => {
      seen.push('a begins')
      await Promise.resolve()
      seen.push('a ends')
    })
    queue.push(() => Promise.reject('b fails'))
    queue.push(async () => void seen.push('c'))
    await idle(queue)
    expect(seen).toEqual(['a begins', 'a ends', 'b fails', 'c'])
  })

  it('does not wait for ever for what never ends', async () => {
    const seen: unknown[] = []
    const queue = createWorkQueue(clock, (error) => seen.push(error))
    queue.push(() => new Promise(() => {}))
    queue.push(async () => void seen.push('next'))
    await new Promise(setImmediate)
    expect(seen).toEqual([])
    clock.advance(WORK_WITHIN_MS)
    await idle(queue)
    expect(seen).toEqual([expect.any(Error), 'next'])
  })

  it('refuses what a server sends past its bounds, and takes it again when there is room', async () => {
    const queue = createWorkQueue(clock, () => {})
    for (let frame = 0; frame < WAITING_FRAMES_MAX; frame++) expect(offer(queue, 1)).toBe(true)
    expect(offer(queue, 1)).toBe(false)
    await idle(queue)
    expect(offer(queue, WAITING_BYTES_MAX)).toBe(true)
    expect(offer(queue, 1)).toBe(false)
    await idle(queue)
    expect(offer(queue, 1)).toBe(true)
  })

  it('begins nothing after its end', async () => {
    const seen: string[] = []
    const queue = createWorkQueue(clock, () => {})
    queue.push(async () => void seen.push('a'))
    const stopped = queue.stop()
    queue.push(async () => void seen.push('b'))
    await stopped
    await new Promise(setImmediate)
    expect(seen).toEqual([])
  })
})
