// Runs in the browser: a list of all documents of a board, each a real row.
import { openReplica } from '@tidemark/client'
import { hooksFor, useQuery } from '@tidemark/client/react'
import { memo } from 'react'
import { createRoot } from 'react-dom/client'
import { app, BOARD } from './app.ts'
import { type Block, blocksOf, isSameBlock } from './blocks.ts'
import { begin, end, type Frames, rendered } from './frames.ts'

export interface BurstPage {
  begin(): void
  end(): Frames
  /** What stands in each row, top to bottom. */
  texts(): readonly string[]
}

const { ReplicaProvider, useSpace } = hooksFor<typeof app>()
type Card = ReturnType<typeof useCards>[number]

function useCards() {
  return useQuery(useSpace(BOARD).cards).docs
}

function Board() {
  rendered()
  return (
    <main>
      {blocksOf(useCards()).map((block) => (
        <Cards key={block.key} block={block} />
      ))}
    </main>
  )
}

const ROW_PX = 29
const Cards = memo(
  function Cards({ block }: { readonly block: Block<Card> }) {
    return (
      <ol className="block" style={{ containIntrinsicBlockSize: `auto ${block.rows.length * ROW_PX}px` }}>
        {block.rows.map((card) => (
          <CardRow key={card.$id} card={card} />
        ))}
      </ol>
    )
  },
  (before, after) => isSameBlock(before.block, after.block),
)

const CardRow = memo(function CardRow({ card }: { readonly card: Card }) {
  return (
    <li className="card">
      <span>{card.title}</span> <b>{card.points}</b>
    </li>
  )
})

const token = new URLSearchParams(location.search).get('token') ?? ''
const replica = await openReplica({ app, url: location.origin, user: 'reader', token: async () => token })
createRoot(document.getElementById('root') as HTMLElement).render(
  <ReplicaProvider replica={replica}>
    <Board />
  </ReplicaProvider>,
)

const texts = () => [...document.querySelectorAll('.card')].map(({ textContent }) => textContent ?? '')
Object.assign(globalThis, { burstPage: { begin, end, texts } satisfies BurstPage })
