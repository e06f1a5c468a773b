import { useQuery } from '@tidemark/client/react'
import { STAGE } from '../../live.ts'
import { nameOf } from '../names/name-code.ts'
import { useNowMs } from '../network/use-now.ts'
import { useSpace } from '../replica/hooks.ts'
import { useWords } from '../words/words.ts'

/** So long the winners of a draw stand on the stage, in ms; after that they are in the list. */
const SHOWN_MS = 60_000

/** Who has just won, over all that flies. */
export function Winners() {
  const words = useWords().stage
  const { docs: draws } = useQuery(useSpace(STAGE).draws.orderBy('openedAtMs', 'desc'))
  const drawn = draws.filter(({ winners }) => winners !== undefined)
  const nowMs = useNowMs(drawn.length > 0)
  const won = drawn.find(({ drawnAtMs = 0 }) => Math.abs(nowMs - drawnAtMs) < SHOWN_MS)
  return (
    <div role="status">
      {won?.winners !== undefined && (
        <div className="stage-won" data-testid="won">
          <p>{words.won(won.prize, won.winners.length)}</p>
          <ul>
            {won.winners.map((winner) => (
              <li key={winner}>{nameOf(winner)}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
