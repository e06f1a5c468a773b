// npm run dev: the page with hot reload, and a sync server that starts anew when its code changes. Vite hands /v1 on to it.
//
// PORT (8787), HOST (loopback), TIDEMARK_DATA (./data)    read by the sync server; the page's address is Vite's, printed first
import './require-node.mjs'
import { exitCode, FROM_SOURCE, nodeChild, VITE } from './node-child.mjs'
import { whenNpmEnds } from './parent.mjs'

const children = [
  nodeChild(['--watch', '--watch-preserve-output', FROM_SOURCE, 'server/src/main.ts', 'serve', 'demo-app/backend.ts', '--dev']),
  nodeChild([VITE, 'demo-app', '--clearScreen', 'false']),
]
const stop = () => {
  for (const child of children) child.kill()
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
whenNpmEnds(stop)

// Neither is of use without the other.
const ends = children.map(exitCode)
process.exitCode = await Promise.race(ends)
stop()
await Promise.all(ends)
