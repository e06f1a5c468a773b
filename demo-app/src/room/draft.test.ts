import { describe, expect, it } from 'vitest'
import { draftOf } from './draft.ts'

function memory() {
  const items = new Map<string, string>()
  return {
    items,
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
}

/** A disk that answers when it is told to. */
function heldDisk() {
  const saves: { text: string; done: () => void; fail: () => void }[] = []
  const save = (text: string) =>
    new Promise<void>((resolve, reject) => saves.push({ text, done: resolve, fail: () => reject(new Error('the disk is full')) }))
  return { saves, save }
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('a draft', () => {
  it('is kept on the device until it is saved as a message', async () => {
    const store = memory()
    const { saves, save } = heldDisk()
    const draft = draftOf('alice:lobby', store)
    draft.write('hello')
    const sent = draft.send(save)
    expect(draft.text).toBe('')
    expect([...store.items.values()]).toEqual(['hello'])
    await turn()
    saves[0]?.done()
    await sent
    expect(store.items.size).toBe(0)
  })

  it('when a save fails, it and all that was sent after it come back in their order, in front of what was typed since', async () => {
    const store = memory()
    const { saves, save } = heldDisk()
    const draft = draftOf('alice:harbour', store)
    draft.write('one')
    const first = draft.send(save)
    draft.write('two')
    const second = draft.send(save)
    draft.write('thr')
    await turn()
    saves[0]?.fail()
    await expect(first).rejects.toThrow('the disk is full')
    await second
    expect(saves.map(({ text }) => text)).toEqual(['one'])
    expect(draft.text).toBe('one\ntwo\nthr')
    expect([...store.items.values()]).toEqual(['one\ntwo\nthr'])
  })

  it('whoever comes back to the room while it is being saved does not find it in the field again', async () => {
    const store = memory()
    const { saves, save } = heldDisk()
    const leave = draftOf('alice:tide', store).subscribe(() => {})
    draftOf('alice:tide', store).write('on its way')
    const sent = draftOf('alice:tide', store).send(save)
    leave()
    const back = draftOf('alice:tide', store)
    expect(back.text).toBe('')
    await turn()
    saves[0]?.done()
    await sent
    expect(store.items.size).toBe(0)
  })

  it('a draft that nobody shows is read from the device again', () => {
    const store = memory()
    const leave = draftOf('alice:pier', store).subscribe(() => {})
    draftOf('alice:pier', store).write('later')
    leave()
    store.items.set('tidemark:draft:alice:pier', 'from another tab')
    expect(draftOf('alice:pier', store).text).toBe('from another tab')
  })
})
