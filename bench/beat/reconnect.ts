/** The client's own pause before it connects again, in ms: up to 2 s, by lot; here the same lot in each run. */
export function reconnectMs(connects: number): number {
  return (connects * 0.618 * 2000) % 2000
}
