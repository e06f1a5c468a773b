// Runs in the browser: the canvas of the demo's stage, fed by a lane that is not there.
import type { LaneBatch } from '@tidemark/client'
import { createRoot } from 'react-dom/client'
import type { Comment } from '../../../demo-app/live.ts'
import { DanmuSky } from '../../../demo-app/src/stage/danmu-sky.tsx'
import { spoken } from '../../../scripts/crowd/texts.ts'
import { begin, end, type Frames } from '../burst-page/frames.ts'

const TICK_MS = 1000

export interface SkyPage {
  begin(): void
  end(): Frames
  /** So many comments a second from now on, in ticks of a second. */
  feed(perS: number): void
  /** What was given to the canvas until now, and what it says of itself. */
  counts(): { readonly fed: number; readonly flying: number; readonly missed: number }
}

let tell: (batch: LaneBatch<Comment>) => void = () => {}
const items$ = {
  subscribe({ next }: { next: (batch: LaneBatch<Comment>) => void }) {
    tell = next
    return { unsubscribe() {} }
  },
}
createRoot(document.getElementById('root') as HTMLElement).render(<DanmuSky items$={items$ as never} user="alice" tickMs={TICK_MS} />)

let fed = 0
let feeding: ReturnType<typeof setInterval> | undefined
// The same crowd in every run.
let seed = 42
const chance = () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32
  return seed / 2 ** 32
}
function tick(perS: number): void {
  const items = Array.from({ length: perS }, () => ({ id: `i${fed++}`, by: 'bob', atMs: Date.now(), body: spoken(chance) }))
  tell({ items, cut: 0, cleared: false, late: false })
}

const page: SkyPage = {
  begin,
  end,
  feed(perS) {
    clearInterval(feeding)
    tick(perS)
    feeding = setInterval(() => tick(perS), TICK_MS)
  },
  counts() {
    const { flying, missed } = document.querySelector('canvas')?.dataset ?? {}
    return { fed, flying: Number(flying), missed: Number(missed) }
  },
}
Object.assign(globalThis, { skyPage: page })
