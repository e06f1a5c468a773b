import type { COMMENT_COLORS } from '../../../live.ts'

/** The dark side of the tokens of the same name: the stage is dark always. */
const DRAWN: Readonly<Record<(typeof COMMENT_COLORS)[number], string>> = {
  white: '#e8eef2',
  sea: '#4cc2d6',
  sand: '#e0b15c',
  coral: '#ff8a70',
}

/** As the canvas draws it; what another build of this page may know is white. */
export function drawnColor(name: string | undefined): string {
  return name !== undefined && Object.hasOwn(DRAWN, name) ? DRAWN[name as keyof typeof DRAWN] : DRAWN.white
}
