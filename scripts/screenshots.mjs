// npm run screenshots: takes the README's pictures of the demo anew, with the browser tests' own browser, into docs/images.
import './require-node.mjs'
import { exitCode, nodeChild, VITEST } from './node-child.mjs'

const args = [VITEST, 'run', '--config', 'vitest.workspace.ts', '--project', 'e2e', 'e2e/pictures']
process.exitCode = await exitCode(nodeChild(args, { env: { ...process.env, TIDEMARK_SCREENSHOTS: '1' } }))
