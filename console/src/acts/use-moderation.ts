import { type ModerationSpace, useSpace } from '../replica/hooks.ts'

/** The space in which acts are mutations; there where the app has lanes. */
export function useModeration(): ModerationSpace {
  return useSpace('moderation')
}
