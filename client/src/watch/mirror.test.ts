// In which order commits and reads come to a mirror. Method: each by hand, as browsers may put them.
import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../replica/memory-storage.ts'
import { documentRow } from '../replica/rows.ts'
import { handClock } from '../testing/hand-clock.ts'
import { openMirror } from './mirror.ts'

const table = 'room_messages'
const row = (text: string) => documentRow(1, 'a', { doc: { text }, v: 1, b: 1 }, 0)
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

async function mirrored() {
  const storage = memoryStorage({ [table]: '$k' })
  const save = (text: string) =>
    storage.write([table], 'relaxed', async () => ({ result: undefined, writes: [{ table, put: [row(text)] }] }))
  await save('first')
  const ports = { read: storage.read, clock: handClock(), shownAs: () => 1, changed() {}, failed() {} }
  const mirror = openMirror({ space: 'room:1', collection: 'messages' }, ports)
  await turn()
  return { mirror, save, text: () => mirror.docs.get('a')?.text }
}

describe('a mirror', () => {
  it("keeps another tab's commit that is told before the own one that it came after", async () => {
    const { mirror, save, text } = await mirrored()
    expect(text()).toBe('first')
    await save('own')
    await save("another's")
    mirror.heard([table], undefined, () => [{ from: '1 a', to: '1 a' }])
    mirror.heard([table], [{ table, put: [row('own')] }])
    await turn()
    expect(text()).toBe("another's")
  })

  it('keeps an own commit that is told while a read is under way that does not see it', async () => {
    const { mirror, save, text } = await mirrored()
    mirror.heard([table], undefined, () => [{ from: '1 a', to: '1 a' }])
    mirror.heard([table], [{ table, put: [row('own')] }])
    await save('own')
    await turn()
    expect(text()).toBe('own')
  })
})
