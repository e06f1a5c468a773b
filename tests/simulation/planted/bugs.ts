import { backendBugs } from './bugs/backend-bugs.ts'
import { connectionBugs } from './bugs/connection-bugs.ts'
import { followingBugs } from './bugs/following-bugs.ts'
import { gatewayBugs } from './bugs/gateway-bugs.ts'
import { healingBugs } from './bugs/healing-bugs.ts'
import { laneBugs } from './bugs/lane-bugs.ts'
import { openBugs } from './bugs/open-bugs.ts'
import { replicaBugs } from './bugs/replica-bugs.ts'
import { sharedBugs } from './bugs/shared-bugs.ts'
import { tabsBugs } from './bugs/tabs-bugs.ts'
import { watchBugs } from './bugs/watch-bugs.ts'
import type { PlantedBug } from './planted-bug.ts'

/** Every planted bug, from the one rule outwards. */
export const BUGS: readonly PlantedBug[] = [
  ...sharedBugs,
  ...replicaBugs,
  ...healingBugs,
  ...followingBugs,
  ...connectionBugs,
  ...gatewayBugs,
  ...backendBugs,
  ...tabsBugs,
  ...watchBugs,
  ...laneBugs,
]

/** Throws where there is none of that name. */
export function bugNamed(name: string): PlantedBug {
  const bug = [...BUGS, ...openBugs].find((bug) => bug.name === name)
  if (bug === undefined) throw new Error(`no planted bug is called ${name}`)
  return bug
}
