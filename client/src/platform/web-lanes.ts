// What a page loads with its first lane, in one piece.
import type { MakeLanes } from '../lanes/loaded-lanes.ts'
import { createSpaceLanes } from '../lanes/space-lanes.ts'
import { pageFrames } from './page-frames.ts'

export const webLanes: MakeLanes = (host) => createSpaceLanes(host, pageFrames)
