import { type MakeElement, setText } from '../elements.ts'
import type { Observed } from '../observed.ts'
import type { PanelPage } from '../panel-page.ts'
import { reportOn } from '../report.ts'
import { sayBytes, sayCount } from '../say-amounts.ts'
import type { View } from './view.ts'

/** What somebody who looks for a fault elsewhere is given. */
export function reportView(make: MakeElement, page: PanelPage): View {
  let observed: Observed | undefined
  const contents = make('input', { type: 'checkbox', id: 'contents' })
  const said = make('p', { class: 'hint', role: 'status' })
  const counts = make('p', { class: 'digits' })

  const report = () => (observed ? reportOn(observed, { browser: page.browser, contents: contents.checked }) : '')
  async function copy(): Promise<void> {
    try {
      const text = report()
      await page.copy(text)
      setText(said, `Copied: ${sayBytes(text.length)}.`)
    } catch (error) {
      setText(said, `Not copied: ${error instanceof Error ? error.message : error}. Save it instead.`)
    }
  }
  function save(): void {
    const text = report()
    const stamp = new Date(observed?.nowMs ?? 0).toISOString().slice(0, 19).replaceAll(':', '-')
    page.save(`tidemark-${stamp}.json`, text)
    setText(said, `Saved: ${sayBytes(text.length)}.`)
  }

  return {
    element: make('div', { class: 'report' }, [
      make('p', {}, [
        'A report says what this panel shows: versions, phase, spaces, the outbox, the beat, counts, events, and of each frame its kind and size. It names spaces, user and device. No token and no document is in it.',
      ]),
      make('label', { class: 'check', for: 'contents' }, [
        contents,
        'Also what people wrote: arguments of what is pending or refused, and texts of errors',
      ]),
      counts,
      make('div', { class: 'bar' }, [
        make('button', { type: 'button', class: 'primary' }, ['Copy'], { click: () => void copy() }),
        make('button', { type: 'button' }, ['Save as JSON'], { click: save }),
      ]),
      said,
    ]),
    opened: (now) => void now.count(),
    show(now) {
      observed = now
      setText(
        counts,
        `${sayCount(Object.keys(now.status.spaces).length, 'space')}, ${sayCount(now.pending.length, 'pending', 'pending')}, ${now.refused.length} refused, ${sayCount(now.events.length, 'event')}, ${sayCount(Math.min(500, now.frames.count), 'frame')}.`,
      )
    },
  }
}
