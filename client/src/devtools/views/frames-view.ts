import { type MakeElement, setAttribute, setText } from '../elements.ts'
import { EVERYTHING, FRAMES_MAX, type FrameFilter, type FrameLog, type LoggedFrame } from '../frame-log.ts'
import { sayBytes, sayCount, sayTime } from '../say-amounts.ts'
import type { View } from './view.ts'

/** Rows that are drawn, the newest first; of what came before them, the filter finds more. */
export const ROWS_MAX = 200

/** Frames as they go and come. */
export function framesView(make: MakeElement, changed: () => void): View {
  let filter: FrameFilter = EVERYTHING
  /** The number of the newest frame that is drawn. */
  let drawn = -1
  let isStale = false
  /** Frames that had come when it was paused. */
  let pausedAt: number | undefined
  let frames: FrameLog | undefined

  const rows = make('tbody')
  const table = make('table', { class: 'frames', 'aria-label': 'Frames, the newest first' }, [
    make('thead', {}, [
      make('tr', {}, [
        make('th', { scope: 'col', class: 'at' }, ['Time']),
        make('th', { scope: 'col', class: 'kind' }, ['Frame']),
        make('th', { scope: 'col' }, ['Space']),
        make('th', { scope: 'col', class: 'bytes' }, ['Bytes']),
        make('th', { scope: 'col', class: 'detail' }, ['What it says']),
      ]),
    ]),
    rows,
  ])
  const blank = make('p', { class: 'blank' })
  const totals = make('p', { class: 'totals digits' })
  const pause = toggle('Pause', (isPressed) => {
    pausedAt = isPressed ? (frames?.count ?? 0) : undefined
  })
  const search = make(
    'input',
    { type: 'search', placeholder: 'Filter: range room:1 -beat', 'aria-label': 'Filter by kind, space or detail' },
    [],
    {
      input: () => refilter({ ...filter, text: search.value }),
    },
  )
  const bar = make('div', { class: 'bar' }, [
    search,
    toggle('In', (isPressed) => refilter({ ...filter, in: isPressed }), true),
    toggle('Out', (isPressed) => refilter({ ...filter, out: isPressed }), true),
    pause,
    make('button', { type: 'button' }, ['Clear'], {
      click() {
        frames?.clear()
        refilter(filter)
      },
    }),
    totals,
  ])

  function toggle(name: string, pressed: (isPressed: boolean) => void, isPressed = false): HTMLButtonElement {
    const button: HTMLButtonElement = make('button', { type: 'button', 'aria-pressed': String(isPressed) }, [name], {
      click() {
        const next = button.getAttribute('aria-pressed') !== 'true'
        setAttribute(button, 'aria-pressed', String(next))
        pressed(next)
        changed()
      },
    })
    return button
  }

  function refilter(next: FrameFilter): void {
    filter = next
    isStale = true
    changed()
  }

  function draw(log: FrameLog): void {
    if (pausedAt !== undefined && !isStale) return
    if (isStale || log.count - 1 - drawn > ROWS_MAX) rows.replaceChildren()
    const newer = log.newest(ROWS_MAX, filter, rows.hasChildNodes() ? drawn : -1).filter(({ n }) => pausedAt === undefined || n < pausedAt)
    isStale = false
    drawn = log.count - 1
    rows.prepend(...newer.map(rowOf))
    while (rows.childElementCount > ROWS_MAX) rows.lastElementChild?.remove()
  }

  function rowOf({ n, atMs, way, kind, spaces, bytes, detail, code }: LoggedFrame): HTMLElement {
    const named = spaces.length > 1 ? `${spaces[0]} and ${sayCount(spaces.length - 1, 'other')}` : (spaces[0] ?? '')
    return make('tr', { 'data-way': way, 'data-even': n % 2 === 0, 'data-tone': code === undefined ? undefined : 'wrong' }, [
      make('td', { class: 'at' }, [sayTime(atMs, true)]),
      make('td', { class: 'kind' }, [
        make('span', { class: 'way', 'aria-hidden': 'true' }, [way === 'in' ? '↓' : '↑']),
        make('span', { class: 'unseen' }, [way === 'in' ? 'in: ' : 'out: ']),
        kind,
      ]),
      make('td', { title: spaces.join('\n') }, [named]),
      make('td', { class: 'bytes' }, [sayBytes(bytes)]),
      make('td', { class: 'detail', title: detail }, [detail]),
    ])
  }

  return {
    element: make('div', { class: 'frames-view' }, [
      bar,
      make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Frames' }, [table, blank]),
    ]),
    badge: () => (pausedAt === undefined ? undefined : 'paused'),
    show(observed) {
      frames = observed.frames
      draw(frames)
      const { in: came, out: left } = frames.totals(observed.nowMs)
      const waiting = pausedAt === undefined ? '' : `Paused; ${sayCount(frames.count - pausedAt, 'frame')} since. `
      setText(
        totals,
        `${waiting}In the last minute ${came.frames} in, ${sayBytes(came.bytes)}; ${left.frames} out, ${sayBytes(left.bytes)}`,
      )
      const isEmpty = !rows.hasChildNodes()
      blank.hidden = !isEmpty
      table.hidden = isEmpty
      if (isEmpty)
        setText(
          blank,
          observed.connected === 'elsewhere'
            ? 'Another tab is connected for this one: the frames are its. Open the devtools there.'
            : filter !== EVERYTHING && frames.count > 0
              ? 'None of the frames that are kept is like this.'
              : `No frame since this panel was opened. The last ${FRAMES_MAX} are kept.`,
        )
    },
  }
}
