import { useStatus } from '@tidemark/client/react'
import { useEffect } from 'react'
import { useReplica } from '../replica/hooks.ts'
import { useWords } from '../words/words.ts'
import { onOfflineChoice, rememberOffline } from './offline-choice.ts'
import './network-switch.css'
import { phaseWords } from './status-sentence.ts'

/** The app's own offline switch, and the connection in words. */
export function NetworkSwitch() {
  const words = useWords()
  const replica = useReplica()
  const { phase, pauses } = useStatus(({ phase, pauses }) => ({ phase, pauses }))
  const online = !pauses?.includes('app')

  useEffect(() => onOfflineChoice((offline) => (offline ? replica.pause() : replica.resume())), [replica])

  function toggle() {
    rememberOffline(online)
    if (online) replica.pause()
    else replica.resume()
  }

  return (
    <button
      type="button"
      role="switch"
      aria-checked={online}
      aria-label={words.network.online}
      className="network-switch"
      data-phase={phase}
      onClick={toggle}
    >
      <span className="network-switch-track" aria-hidden="true">
        <span className="network-switch-thumb" />
      </span>
      <span className="network-switch-words">{phaseWords(phase, words.phase)}</span>
    </button>
  )
}
