// Imported first by every script: says in one line what is wrong before an older Node trips over TypeScript.
// npm scripts run the Node that `npm install` put beside the other tools (Linux and Windows); elsewhere it is the system's.
const OLDEST = 24

if (Number.parseInt(process.versions.node, 10) < OLDEST) {
  console.error(
    `Tidemark needs Node ${OLDEST} or newer, and this is Node ${process.versions.node}: run "npm install" again, or install Node ${OLDEST}.`,
  )
  process.exit(1)
}
