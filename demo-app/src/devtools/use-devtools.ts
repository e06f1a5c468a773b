import type { Devtools } from '@tidemark/client/devtools'
import { useEffect } from 'react'
import { useReplica } from '../replica/hooks.ts'

/** Opens and closes the devtools; no browser has a use of its own for it. */
export const DEVTOOLS_KEY = 'F2'

/** The panel over the open replica, as far as it was asked for: loaded then, and not before. */
let opened: Devtools | undefined

async function toggle(replica: ReturnType<typeof useReplica>): Promise<void> {
  if (opened) return opened.close()
  const { openDevtools } = await import('@tidemark/client/devtools')
  const devtools = openDevtools(replica)
  opened = devtools
  await devtools.closed
  if (opened === devtools) opened = undefined
}

/** Returns what opens the devtools, and closes them. */
export function useDevtools(): () => void {
  const replica = useReplica()
  return () => void toggle(replica)
}

/** The same by its key, wherever the focus is. */
export function DevtoolsKey() {
  const toggle = useDevtools()
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== DEVTOOLS_KEY || event.repeat) return
      event.preventDefault()
      toggle()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  })
  return null
}
