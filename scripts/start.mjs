// npm start: builds the demo app and the console, then serves both pages, the API and live connections from this same process.
//
// PORT (8787), HOST (loopback), TIDEMARK_DATA (./data)    read by the server
import './require-node.mjs'
import { fileURLToPath } from 'node:url'
import { quietly, root, VITE } from './node-child.mjs'
import { whenNpmEnds } from './parent.mjs'

process.chdir(root)

let stopping = false
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    stopping = true
  })
}
whenNpmEnds(() => {
  if (!stopping) process.emit('SIGTERM')
})

const built = await Promise.all(['demo-app', 'console'].map(async (page) => ({ page, ...(await quietly([VITE, 'build', page])) })))
if (stopping) process.exit(143)
for (const { page, code, output } of built) {
  if (code === 0) continue
  console.error(`${output.trimEnd()}\n${page} did not build.`)
  process.exit(1)
}

const server = new URL('../server/src/main.ts', import.meta.url)
process.argv = [process.execPath, fileURLToPath(server), 'serve', 'demo-app/backend.ts', '--dev', '--page', 'demo-app/dist']
await import(server.href)
