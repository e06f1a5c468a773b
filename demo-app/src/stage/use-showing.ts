import { useSyncExternalStore } from 'react'
import { rememberedChoice } from '../settings/remembered-choice.ts'

/** How comments are shown: flying by, or as a list. */
export type Showing = 'flight' | 'list'

const chosen = rememberedChoice<Showing>('tidemark:stage', ['flight', 'list'])
const still = matchMedia('(prefers-reduced-motion: reduce)')

/** What was chosen here; else a list for who wants things to keep still. And how to choose. */
export function useShowing(): [Showing, (showing: Showing) => void] {
  return [useSyncExternalStore(subscribe, () => chosen.read() ?? (still.matches ? 'list' : 'flight')), chosen.choose]
}

function subscribe(changed: () => void): () => void {
  const end = chosen.subscribe(changed)
  still.addEventListener('change', changed)
  return () => {
    end()
    still.removeEventListener('change', changed)
  }
}
