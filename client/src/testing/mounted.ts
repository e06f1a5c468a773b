import { createElement, Profiler, type ReactNode } from 'react'
import { createRoot, hydrateRoot, type RootOptions } from 'react-dom/client'
import { pageFrames } from '../platform/page-frames.ts'

/** A piece of a page with React in it. */
export interface Mounted {
  text(): string
  /** How often anything in it was rendered. */
  renders(): number
  show(element: ReactNode): void
  end(): void
}

/** Renders into an element that is empty; takes over what a server rendered into one that is not. */
export function mounted(container: HTMLElement, element: ReactNode, options: RootOptions = {}): Mounted {
  let renders = 0
  const counted = (children: ReactNode) => createElement(Profiler, { id: 'counted', onRender: () => void renders++ }, children)
  const isNew = container.childNodes.length === 0
  const root = isNew ? createRoot(container, options) : hydrateRoot(container, counted(element), options)
  const show = (next: ReactNode) => root.render(counted(next))
  if (isNew) show(element)
  return {
    text: () => container.textContent,
    renders: () => renders,
    show,
    end() {
      root.unmount()
      container.remove()
    },
  }
}

/** Once the next two frames are drawn: what was due with one is done. */
export async function drawn(): Promise<void> {
  for (let n = 0; n < 2; n++) await new Promise<void>((resolve) => pageFrames.next(resolve))
}
