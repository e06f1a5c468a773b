// Goal: the packages work where nothing is known of this repository. Method: a folder of its own, into which the tarballs are installed (with CI, by npm
// itself), and in it a program as a newcomer would write it: a server, and two devices that converge through it.
import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { bareFolder, packPackages } from '../harness/packed-packages.ts'

const run = promisify(execFile)
/** What `npm install` takes on a slow day, in ms, and the program. */
const WITHIN_MS = 240_000

const APP = `
import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

const Message = v.object({ text: v.string() })
export const app = defineApp({ version: '1', spaces: { room: space({ collections: { messages: collection(Message) } }) } })
`

const MAIN = `
import 'fake-indexeddb/auto'
import { openReplica } from '@tidemark/client'
import { memoryStorage } from '@tidemark/client/testing'
import { createSyncServer, jwt, serve, signToken, sqliteChangelog } from '@tidemark/server'
import { app } from './app.ts'

const secret = 'a secret of thirty-two characters'
const changelog = sqliteChangelog('./tidemark.db')
const server = createSyncServer({ app, changelog, access: { room: () => 'write' }, authenticate: jwt({ secret, algorithms: ['HS256'] }) })
const listening = await serve(server, { port: 0 })
const url = \`http://127.0.0.1:\${listening.port}\`
const token = async () => await signToken({ secret, user: 'alice', nowMs: Date.now(), expiresInS: 60 })

const kept = await openReplica({ app, url, user: 'alice', token })
const fleeting = await openReplica({ app, url, user: 'alice', token, storage: memoryStorage() })
const [one, two] = [kept.space('room:1'), fleeting.space('room:1')]
const sent = await one.mutate.put({ c: 'messages', id: 'a', doc: { text: 'from one' } })
const other = await two.mutate.put({ c: 'messages', id: 'b', doc: { text: 'from two' } })
await Promise.all([sent.confirmed, other.confirmed])
console.log('durable', sent.durable, other.durable)
for (const room of [one, two]) {
  let texts
  do {
    await new Promise((resolve) => setTimeout(resolve, 5))
    texts = (await room.messages.toArray()).map(({ text }) => text)
  } while (texts.length < 2)
  console.log(...texts.sort())
}
await Promise.all([kept.close(), fleeting.close()])
await listening.close()
console.log('over')
`

it(
  'a bare Node app runs a server and two devices, which converge',
  async () => {
    const packed = await packPackages()
    const folder = await bareFolder({ 'app.ts': APP, 'main.ts': MAIN })
    onTestFinished(async () => {
      await rm(folder, { recursive: true, force: true })
    })
    if (process.env.CI === undefined) await packed.link(folder)
    else await packed.install(folder, ['@tidemark/shared', '@tidemark/client', '@tidemark/server', 'valibot', 'fake-indexeddb'])
    const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' }
    const { stdout, stderr } = await run(process.execPath, ['main.ts'], { cwd: folder, env, timeout: 60_000 })
    expect(stderr).toBe('')
    expect(stdout.split('\n')).toEqual(['durable true false', 'from one from two', 'from one from two', 'over', ''])
  },
  WITHIN_MS,
)
