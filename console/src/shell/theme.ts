import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark'

const KEY = 'tidemark-console:theme'
const listeners = new Set<() => void>()

/** The theme that was chosen here; undefined: the system's. */
export function useTheme(): Theme | undefined {
  return useSyncExternalStore((changed) => {
    listeners.add(changed)
    return () => listeners.delete(changed)
  }, chosen)
}

export function chooseTheme(theme: Theme | undefined): void {
  if (theme === undefined) localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, theme)
  applyTheme()
  for (const changed of listeners) changed()
}

/** Before the first render, so that nothing flashes. */
export function applyTheme(): void {
  const theme = chosen()
  if (theme === undefined) delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

function chosen(): Theme | undefined {
  const kept = localStorage.getItem(KEY)
  return kept === 'light' || kept === 'dark' ? kept : undefined
}
