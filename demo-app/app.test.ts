// The definitions on which outside clients rely.
import { validate } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { app, MESSAGE_CHARACTERS_MAX } from './app.ts'

const { messages } = app.spaces.room.collections
const message = { text: 'Tide is turning', author: 'alice', sentAtMs: 1_763_596_800_000 }
const check = (doc: unknown) => validate(messages.schema, doc, 'messages')

describe('the demo app', () => {
  it('is version 1, with the kinds user, room and live', () => {
    expect(app.version).toBe('1')
    expect(Object.keys(app.spaces)).toEqual(['user', 'room', 'live'])
    expect(Object.keys(app.spaces.user.collections)).toEqual(['profile', 'chats'])
    expect(Object.keys(app.spaces.user.mutators)).toEqual(['join', 'leave', 'markRead'])
    expect(Object.keys(app.spaces.room.mutators)).toEqual(['send'])
    expect(messages).toMatchObject({ read: 'space', write: 'creator', creatorField: 'author', indexes: ['sentAtMs'], window: 200 })
  })

  it('takes texts of 1 to 2000 characters, and counts characters rather than UTF-16 units', () => {
    expect(check(message)).toEqual(message)
    expect(() => check({ ...message, text: '' })).toThrow(/text: is empty/)
    expect(() => check({ ...message, text: 'x'.repeat(MESSAGE_CHARACTERS_MAX) })).not.toThrow()
    expect(() => check({ ...message, text: '🌊'.repeat(MESSAGE_CHARACTERS_MAX) })).not.toThrow()
    expect(() => check({ ...message, text: '潮'.repeat(MESSAGE_CHARACTERS_MAX + 1) })).toThrow(/text: has more than 2000/)
  })

  it('refuses what is not a message, and names the field', () => {
    expect(() => check({ ...message, sentAtMs: 'noon' })).toThrow(/sentAtMs/)
    expect(() => check({ ...message, author: 7 })).toThrow(/author/)
    expect(() => check({ ...message, colour: 'red' })).toThrow(/colour/)
  })

  it('sends as the user of the transaction, at its time', async () => {
    const created: unknown[] = []
    const tx = { user: 'alice', nowMs: 5, messages: { create: async (...args: unknown[]) => void created.push(args) } }
    await app.spaces.room.mutators.send?.(tx as never, { id: 'm1', text: 'hi' } as never)
    expect(created).toEqual([['m1', { text: 'hi', author: 'alice', sentAtMs: 5 }]])
  })

  it('draws by lot on the server alone, once, and for the host alone', async () => {
    let draw: object = { prize: 'A lighthouse', places: 2, openedAtMs: 1, entrants: ['ada', 'bo', 'cem'] }
    const chances = [0.5, 0.99]
    const tx = {
      isAdmin: true,
      nowMs: 5,
      isServer: false,
      random: () => chances.shift(),
      reject(message: string) {
        throw new Error(message)
      },
      draws: {
        get: async () => draw,
        patch: async (_: string, set: object) => {
          draw = { ...draw, ...set }
        },
      },
    }
    const ask = async (more: object) => await app.spaces.live.mutators.draw?.({ ...tx, ...more } as never, { id: 'd' } as never)
    await ask({})
    expect(draw).not.toHaveProperty('winners')
    await expect(ask({ isServer: true, isAdmin: false })).rejects.toThrow('host')
    await ask({ isServer: true })
    await ask({ isServer: true })
    expect(draw).toMatchObject({ winners: ['bo', 'cem'], drawnAtMs: 5 })
  })

  it('joins once, and moves a read marker forward only, of a room that is joined', async () => {
    const chats = new Map<string, object>()
    const tx = {
      user: 'alice',
      nowMs: 5,
      chats: {
        get: async (id: string) => chats.get(id),
        create: async (id: string, doc: object) => void chats.set(id, doc),
        patch: async (id: string, set: object) => void chats.set(id, { ...chats.get(id), ...set }),
        delete: async (id: string) => void chats.delete(id),
      },
    }
    const run = async (name: string, args: object) => await app.spaces.user.mutators[name]?.(tx as never, args as never)
    await run('markRead', { room: 'pier', to: 3 })
    expect([...chats]).toEqual([])
    await run('join', { room: 'pier', title: 'The pier' })
    await run('join', { room: 'pier', title: 'Another title' })
    expect(chats.get('pier')).toEqual({ title: 'The pier', joinedAtMs: 5 })
    for (const [to, readTo] of [
      [7, 7],
      [4, 7],
      [8, 8],
    ]) {
      await run('markRead', { room: 'pier', to })
      expect(chats.get('pier')).toMatchObject({ readTo })
    }
    await run('leave', { room: 'pier' })
    expect([...chats]).toEqual([])
  })
})
