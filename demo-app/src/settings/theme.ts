import { useSyncExternalStore } from 'react'
import { rememberedChoice } from './remembered-choice.ts'

export type Theme = 'light' | 'dark'

const chosen = rememberedChoice<Theme>('tidemark:theme', ['light', 'dark'])

/** The theme that was chosen, undefined for the system's; and how to choose. */
export function useTheme(): [Theme | undefined, (theme: Theme | undefined) => void] {
  return [useSyncExternalStore(chosen.subscribe, chosen.read), chosen.choose]
}

/** Draws the page in the chosen theme, now and after each choice: before the first render, so that nothing flashes. */
export function followTheme(): void {
  const apply = () => {
    const theme = chosen.read()
    if (theme === undefined) delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    // The browser's own frame around the page: each tag is for one of the system's themes.
    for (const tag of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
      tag.dataset.media ??= tag.media
      tag.media = theme === undefined ? tag.dataset.media : tag.dataset.media.includes(theme) ? 'all' : 'not all'
    }
  }
  apply()
  chosen.subscribe(apply)
}
