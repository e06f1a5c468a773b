import type { PanelPage } from './panel-page.ts'

/** Paints at most once a picture, and only what somebody asked for. */
export interface Painter {
  ask(): void
  end(): void
}

export function painter(page: Pick<PanelPage, 'beforePicture'>, paint: () => void): Painter {
  let cancel: (() => void) | undefined
  let isOver = false
  return {
    ask() {
      if (isOver) return
      cancel ??= page.beforePicture(() => {
        cancel = undefined
        paint()
      })
    },
    end() {
      isOver = true
      cancel?.()
    },
  }
}
