import type { Inside } from '../inside.ts'
import { elementsOf, setAttribute, setText } from './elements.ts'
import { type ObservedReplica, observe } from './observed.ts'
import { painter } from './painter.ts'
import type { PanelPage } from './panel-page.ts'
import { phaseWords } from './phase-words.ts'
import { sayTime } from './say-amounts.ts'
import { STYLE } from './style.ts'
import { beatView } from './views/beat-view.ts'
import { eventsView } from './views/events-view.ts'
import { framesView } from './views/frames-view.ts'
import { outboxView } from './views/outbox-view.ts'
import { reportView } from './views/report-view.ts'
import { spacesView } from './views/spaces-view.ts'
import { storageView } from './views/storage-view.ts'
import type { View } from './views/view.ts'

/** Ages and countdowns are told anew so often, in ms. */
const TICK_MS = 1000
/** How much of the page it takes, in percent, and by how much an arrow key changes that. */
const SIZE = { first: 42, firstOfNarrow: 60, min: 20, max: 85, step: 4 }
/** Narrower pages have it below always, in px. */
const SIDE_FROM_PX = 760
/** What the page may keep free for it. */
const ROOM = { bottom: '--tidemark-devtools-bottom', right: '--tidemark-devtools-right' }

/** Lines in a square of 16. */
const ICONS = {
  dock: 'M3.5 2.500h9a1.500 1.500 0 0 1 1.500 1.500v8a1.500 1.500 0 0 1-1.500 1.500h-9A1.500 1.500 0 0 1 2 12V4a1.500 1.500 0 0 1 1.500-1.500zM2 9.500h12',
  close: 'M4 4l8 8M12 4l-8 8',
  again: 'M13 8a5 5 0 1 1-1.500-3.500L13 6M13 2.500V6H9.500',
}
const SVG = 'http://www.w3.org/2000/svg'

export interface Devtools {
  /** May be called again, and after the panel was closed. */
  close(): void
  /** Resolves once it is closed, by whomever: also with its replica. */
  readonly closed: Promise<void>
}

export function openPanel(replica: ObservedReplica, inside: Inside, page: PanelPage, parent: HTMLElement | undefined): Devtools {
  const { document } = page
  const { clock } = inside.world
  const make = elementsOf(document)
  const focusedBefore = document.activeElement
  const host = make('div', { 'data-testid': 'tidemark-devtools' })
  const root = host.attachShadow({ mode: 'open' })
  let resolveClosed = () => {}
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve
  })

  const { ask, end: endPainting } = painter(page, () => paint())
  const observed = observe(replica, inside, page, ask, () => close())
  const views: readonly (readonly [name: string, View])[] = [
    ['Spaces', spacesView(make)],
    ['Outbox', outboxView(make)],
    ['Frames', framesView(make, ask)],
    ['Events', eventsView(make)],
    ['Beat', beatView(make)],
    ['Storage', storageView(make)],
    ['Report', reportView(make, page)],
  ]

  const phase = make('h2')
  const sentence = make('p', { role: 'status' })
  const countdown = make('p', { class: 'digits' })
  const dock = iconButton('Dock at the side', ICONS.dock, () => move(side === 'bottom' ? 'right' : 'bottom'))
  const again = iconButton('Connect anew', ICONS.again, () => replica.reconnectNow())
  const tools = make('div', { class: 'tools' }, [again, dock, iconButton('Close the devtools', ICONS.close, () => close())])
  const tabs = views.map(([name]) => {
    const badge = make('span', { class: 'badge' })
    const tab = make('button', { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}` }, [name, badge], {
      click: () => select(name),
    })
    return { tab, badge }
  })
  const tablist = make(
    'div',
    { role: 'tablist', 'aria-label': 'What the devtools show' },
    tabs.map(({ tab }) => tab),
    { keydown: arrows },
  )
  const panels = views.map(([name, { element }]) =>
    make('div', { role: 'tabpanel', id: `panel-${name}`, 'aria-labelledby': `tab-${name}`, tabindex: '0' }, [element]),
  )
  const edge = make('div', { class: 'edge', role: 'separator', tabindex: '0', 'aria-label': 'Size of the devtools' }, [], {
    keydown: resizeByKey,
    pointerdown: resizeByHand,
  })
  const panel = make(
    'section',
    { class: 'panel', 'aria-label': 'Tidemark devtools' },
    [
      edge,
      make('div', { class: 'tide' }),
      make('header', {}, [phase, make('div', { class: 'sentence' }, [sentence, ' ', countdown]), tools]),
      tablist,
      ...panels,
    ],
    { keydown: keys },
  )
  // No style element: a page's content security policy may forbid those.
  const style = new CSSStyleSheet()
  style.replaceSync(STYLE)
  root.adoptedStyleSheets = [style]
  root.append(panel)

  let selected = ''
  let side: 'bottom' | 'right' = 'bottom'
  let size = innerWidth() < SIDE_FROM_PX ? SIZE.firstOfNarrow : SIZE.first
  let cancelTick = () => {}

  function iconButton(name: string, icon: string, click: () => void): HTMLButtonElement {
    const button = make('button', { type: 'button', 'aria-label': name, title: name }, [], { click })
    const svg = document.createElementNS(SVG, 'svg')
    const path = document.createElementNS(SVG, 'path')
    for (const [name, value] of Object.entries({ viewBox: '0 0 16 16', 'aria-hidden': 'true' })) setAttribute(svg, name, value)
    setAttribute(path, 'd', icon)
    svg.append(path)
    button.append(svg)
    return button
  }

  function select(name: string): void {
    selected = name
    for (const [index, [other, view]] of views.entries()) {
      const isSelected = other === name
      const { tab } = tabs[index] as (typeof tabs)[number]
      setAttribute(tab, 'aria-selected', String(isSelected))
      tab.tabIndex = isSelected ? 0 : -1
      ;(panels[index] as HTMLElement).hidden = !isSelected
      if (!isSelected) continue
      tab.scrollIntoView({ block: 'nearest', inline: 'nearest' })
      view.opened?.(observed)
    }
    ask()
  }

  function arrows(event: KeyboardEvent): void {
    const at = views.findIndex(([name]) => name === selected)
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: views.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const next = (to + views.length) % views.length
    select((views[next] as (typeof views)[number])[0])
    tabs[next]?.tab.focus()
  }

  /** Keys of the panel are no keys of the page's. */
  function keys(event: KeyboardEvent): void {
    if (event.key === 'Escape' && !event.isComposing) {
      event.stopPropagation()
      const field = event.target
      // A field for searching is emptied first.
      if (!(field && 'value' in field && field.value && (field as HTMLInputElement).type === 'search')) close()
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation()
  }

  function innerWidth(): number {
    return document.defaultView?.innerWidth ?? 0
  }

  function move(to: 'bottom' | 'right'): void {
    side = to
    setAttribute(dock, 'aria-label', to === 'bottom' ? 'Dock at the side' : 'Dock below')
    setAttribute(dock, 'title', to === 'bottom' ? 'Dock at the side' : 'Dock below')
    place()
  }

  function place(): void {
    dock.hidden = parent !== undefined
    if (parent) return
    const isNarrow = innerWidth() < SIDE_FROM_PX
    const at = isNarrow ? 'bottom' : side
    dock.hidden = isNarrow
    setAttribute(host, 'data-dock', at)
    const length = at === 'bottom' ? `${size}dvh` : `${size}vw`
    host.style.setProperty('--size', length)
    setAttribute(edge, 'aria-orientation', at === 'bottom' ? 'horizontal' : 'vertical')
    for (const [name, value] of Object.entries({ valuenow: size, valuemin: SIZE.min, valuemax: SIZE.max }))
      setAttribute(edge, `aria-${name}`, value)
    const { style } = document.documentElement
    for (const [where, property] of Object.entries(ROOM)) style.setProperty(property, where === at ? length : '0px')
  }

  function resize(to: number): void {
    size = Math.round(Math.min(SIZE.max, Math.max(SIZE.min, to)))
    place()
  }

  function resizeByKey(event: KeyboardEvent): void {
    const by = { ArrowUp: 1, ArrowLeft: 1, ArrowDown: -1, ArrowRight: -1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    resize(size + by * SIZE.step)
  }

  function resizeByHand({ pointerId }: PointerEvent): void {
    edge.setPointerCapture(pointerId)
    const drag = ({ clientX, clientY }: PointerEvent) => {
      const { innerWidth, innerHeight } = document.defaultView ?? { innerWidth: 1, innerHeight: 1 }
      const isBelow = host.getAttribute('data-dock') === 'bottom'
      resize(100 * (isBelow ? 1 - clientY / innerHeight : 1 - clientX / innerWidth))
    }
    edge.addEventListener('pointermove', drag)
    edge.addEventListener('lostpointercapture', () => edge.removeEventListener('pointermove', drag), { once: true })
  }

  function paint(): void {
    const { status, connected, lead, nowMs, sinceMs } = observed
    const words = phaseWords(status, connected, lead, nowMs)
    setAttribute(panel, 'data-tide', words.tide)
    setText(phase, sinceMs === undefined ? words.phase : `${words.phase} since ${sayTime(sinceMs)}`)
    setText(sentence, words.sentence)
    setText(countdown, words.countdown ?? '')
    again.disabled = status.phase === 'offline'
    for (const [index, [name, view]] of views.entries()) {
      if (name === selected) view.show(observed)
      const { badge } = tabs[index] as (typeof tabs)[number]
      const says = view.badge?.(observed)
      badge.hidden = says === undefined
      setText(badge, says ?? '')
    }
  }

  function tick(): void {
    ask()
    cancelTick = clock.after(TICK_MS, tick)
  }

  function close(): void {
    if (!host.isConnected) return
    const hadFocus = root.activeElement !== null
    endPainting()
    cancelTick()
    observed.end()
    document.defaultView?.removeEventListener('resize', place)
    host.remove()
    for (const property of Object.values(ROOM)) document.documentElement.style.removeProperty(property)
    if (hadFocus && focusedBefore instanceof HTMLElement) focusedBefore.focus()
    resolveClosed()
  }

  const around = parent ?? document.body
  // A page that says nothing of light and dark has the panel as the system has it.
  setAttribute(host, 'data-own-scheme', document.defaultView?.getComputedStyle(around).colorScheme === 'normal')
  if (parent) host.style.height = '100%'
  around.append(host)
  document.defaultView?.addEventListener('resize', place)
  place()
  select('Spaces')
  paint()
  tabs[0]?.tab.focus()
  tick()
  return { close, closed }
}
