// A SIGTERM for `npm start` reaches npm and its shell, but not us: that they are gone is how we notice, on every system.

/**
 * Calls `gone` once when npm, which started us, has ended. Started by hand, we go on without whoever started us.
 * @param {() => void} gone
 */
export function whenNpmEnds(gone) {
  if (!process.env.npm_lifecycle_event) return
  const { ppid } = process
  const watch = setInterval(() => {
    if (process.ppid === ppid && isAlive(ppid)) return
    clearInterval(watch)
    gone()
  }, 300)
  watch.unref()
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Alive, but somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
