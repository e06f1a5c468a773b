import { type App, MODERATION, moderationSpace } from '@tidemark/shared'

export function hasLanes(app: App): boolean {
  return Object.values(app.spaces).some(({ lanes }) => Object.keys(lanes).length > 0)
}

/** The app as a server serves it: with the space from which its lanes are moderated, where it has any. */
export function withModeration(app: App): App {
  return hasLanes(app) ? { ...app, spaces: { ...app.spaces, [MODERATION]: moderationSpace as App['spaces'][string] } } : app
}
