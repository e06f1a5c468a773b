import { describe, expect, it } from 'vitest'
import { createWorkQueue, WAITING_BYTES_MAX, WAITING_FRAMES_MAX, type WorkQueue } from './work-queue.ts'

const idle = (queue: WorkQueue) => new Promise<void>((resolve) => queue.push(async () => resolve()))
const offer = (queue: WorkQueue, bytes: number) => {
  const room = queue.hasRoom(bytes)
  if (room) queue.push(async () => {}, bytes)
  return room
}

describe('the work queue', () => {
  it('finishes one thing before it begins the next, whatever fails', async () => {
    const seen: unknown[] = []
    const queue = createWorkQueue((error) => seen.push(error))
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

  it('refuses what a server sends past its bounds, and takes it again when there is room', async () => {
    const queue = createWorkQueue(() => {})
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
    const queue = createWorkQueue(() => {})
    queue.push(async () => void seen.push('a'))
    const stopped = queue.stop()
    queue.push(async () => void seen.push('b'))
    await stopped
    await new Promise(setImmediate)
    expect(seen).toEqual([])
  })
})
