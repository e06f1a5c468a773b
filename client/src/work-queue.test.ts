import { describe, expect, it } from 'vitest'
import { createWorkQueue, WAITING_BYTES_MAX, WAITING_FRAMES_MAX } from './work-queue.ts'

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
    await queue.idle()
    expect(seen).toEqual(['a begins', 'a ends', 'b fails', 'c'])
  })

  it('refuses what a server sends past its bounds, and takes it again when there is room', async () => {
    const queue = createWorkQueue(() => {})
    for (let frame = 0; frame < WAITING_FRAMES_MAX; frame++) expect(queue.offer(1, async () => {})).toBe(true)
    expect(queue.offer(1, async () => {})).toBe(false)
    await queue.idle()
    expect(queue.offer(WAITING_BYTES_MAX, async () => {})).toBe(true)
    expect(queue.offer(1, async () => {})).toBe(false)
    await queue.idle()
    expect(queue.offer(1, async () => {})).toBe(true)
  })

  it('begins nothing after its end', async () => {
    const seen: string[] = []
    const queue = createWorkQueue(() => {})
    queue.push(async () => void seen.push('a'))
    queue.stop()
    queue.push(async () => void seen.push('b'))
    await queue.idle()
    expect(seen).toEqual([])
  })
})
