import { useSyncExternalStore } from 'react'
import { rememberedChoice } from '../settings/remembered-choice.ts'
import { en, type Words } from './en.ts'
import { zh } from './zh.ts'

export type { Words } from './en.ts'
export type Language = Words['language']

const TABLES: Record<Language, Words> = { en, zh }
const chosen = rememberedChoice<Language>('tidemark:language', ['en', 'zh'])

/** What the interface says, in the language that was chosen, else the browser's first one that is here, else English. */
export function useWords(): Words {
  return useSyncExternalStore(chosen.subscribe, words)
}

export function chooseLanguage(language: Language): void {
  chosen.choose(language)
}

/** The same outside of components. */
export function words(): Words {
  return TABLES[chosen.read() ?? preferred(navigator.languages)]
}

/** Tells the browser, and through it screen readers and fonts, which language the page is in. */
export function followLanguage(): void {
  const apply = () => {
    const { htmlLanguage, tagline } = words()
    document.documentElement.lang = htmlLanguage
    document.querySelector<HTMLMetaElement>('meta[name="description"]')?.setAttribute('content', tagline)
  }
  apply()
  chosen.subscribe(apply)
}

/** The first of a browser's languages that is here. */
export function preferred(languages: readonly string[]): Language {
  for (const tag of languages) {
    const language = tag.split('-')[0]?.toLowerCase()
    if (language === 'en' || language === 'zh') return language
  }
  return 'en'
}
