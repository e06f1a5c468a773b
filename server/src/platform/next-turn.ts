/** Resolves when the event loop has gone round: sockets that had something to read were read. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
