import type { Presence } from '../src/gateway/presence.ts'
import type { GatewayMetrics } from '../src/observe/gateway-metrics.ts'

/** For tests that count something else. */
export const UNCOUNTED: GatewayMetrics = {
  opened() {},
  closed() {},
  ranges() {},
  gaps() {},
  behind() {},
  said() {},
  ticks() {},
  tickMissed() {},
  refused() {},
  admitted() {},
  sentAway() {},
}

/** Nobody wants to know. */
export const UNTOLD: Presence = { enter: () => false, leave() {} }
