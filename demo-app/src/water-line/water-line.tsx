import { usePending, useStatus } from '@tidemark/client/react'
import type { CSSProperties } from 'react'
import { phaseWords, statusSentence } from '../network/status-sentence.ts'
import { useNowMs } from '../network/use-now.ts'
import { useWords } from '../words/words.ts'
import { Drops } from './drops.tsx'
import { useCounting } from './use-counting.ts'
import { levelOf, tideOf } from './water-level.ts'
import './water-line.css'

/** How far the copy of a space has come: the number on the line, what waits above it, and both in words. */
export function WaterLine({ space }: { readonly space: string }) {
  const words = useWords()
  const { copy, ...status } = useStatus(({ spaces, phase, because, retryAtMs, blocked, storage }) => {
    return { copy: spaces[space], phase, because, retryAtMs, blocked, trouble: storage.error?.trouble }
  })
  const pending = usePending((mutation) => mutation.space === space).length
  const version = copy?.version ?? 0
  const head = Math.max(copy?.head ?? 0, version)
  const { trouble } = status
  const closed = copy?.denied?.retryable === false
  const stuck = closed || trouble !== undefined || (pending > 0 && status.blocked !== undefined)
  const tide = tideOf(status.phase, version, head, stuck)
  const counted = useCounting(version)
  const nowMs = useNowMs(status.phase === 'waiting')
  const sentence = trouble
    ? words.storage.trouble[trouble]
    : closed
      ? words.network.closed
      : statusSentence({ status, version, head, pending, nowMs }, words.network)

  return (
    <section
      className="water-line"
      aria-label={words.waterLine.label}
      data-testid="water-line"
      data-tide={tide}
      data-phase={status.phase}
      data-version={version}
      data-head={head}
      data-pending={pending}
      style={{ '--level': levelOf(version, head) } as CSSProperties}
    >
      <div className="water-line-sky">
        <span className="water-line-sentence" role="status" data-testid="sentence">
          {sentence}
        </span>
        <Drops count={pending} />
      </div>
      <div className="water-line-level">
        <span className="water-line-line" />
        <span
          className="water-line-number digits"
          title={`${words.waterLine.version} ${version}, ${phaseWords(status.phase, words.phase)}`}
        >
          <span className="visually-hidden">{words.waterLine.version} </span>
          {counted}
        </span>
        <span className="water-line-line water-line-far" />
        {head > version && (
          <span className="water-line-head digits">
            <span className="visually-hidden">{words.waterLine.serverHas} </span>
            {head}
          </span>
        )}
      </div>
    </section>
  )
}
