import { useSyncExternalStore } from 'react'

/** Pages, in the order of the navigation. */
export const PAGES = ['overview', 'lanes', 'held', 'people', 'words', 'spaces', 'connections', 'refused', 'audit'] as const
export type PageName = (typeof PAGES)[number]

export interface Route {
  readonly page: PageName
  /** What the page is about: a space, a lane, a user. */
  readonly of: readonly string[]
}

/** `#/lanes/live:main/danmu` is the page `lanes` of that space and lane; what is no page is the overview. */
export function routeOf(hash: string): Route {
  const [page = '', ...of] = hash.replace(/^#\/?/, '').split('/').map(decoded)
  const known = PAGES.find((name) => name === page)
  return known === undefined ? { page: 'overview', of: [] } : { page: known, of: of.filter((part) => part !== '') }
}

export function hrefOf(page: PageName, ...of: readonly string[]): string {
  return `#/${[page, ...of].map(encodeURIComponent).join('/')}`
}

export function go(page: PageName, ...of: readonly string[]): void {
  location.hash = hrefOf(page, ...of)
}

let last = { hash: '', route: routeOf('') }
export function useRoute(): Route {
  return useSyncExternalStore(
    (changed) => {
      addEventListener('hashchange', changed)
      return () => removeEventListener('hashchange', changed)
    },
    () => {
      if (last.hash !== location.hash) last = { hash: location.hash, route: routeOf(location.hash) }
      return last.route
    },
  )
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
