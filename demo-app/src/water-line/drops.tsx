import { useWords } from '../words/words.ts'
import './drops.css'

/** So many are drawn; the number beside them is exact. */
const DRAWN_MAX = 5

/** What waits above the line: one drop for each pending message. */
export function Drops({ count }: { readonly count: number }) {
  const words = useWords()
  if (count === 0) return null
  return (
    <span className="drops" data-testid="drops">
      {Array.from({ length: Math.min(count, DRAWN_MAX) }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: drops are all alike, and only their number changes
        <svg key={index} viewBox="0 0 10 14" aria-hidden="true">
          <path d="M5 1c3 4 4 6 4 8a4 4 0 0 1-8 0c0-2 1-4 4-8z" />
        </svg>
      ))}
      <span className="digits">{count}</span>
      <span className="visually-hidden">{words.waterLine.waits(count)}</span>
    </span>
  )
}
