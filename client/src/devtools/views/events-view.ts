import type { MakeElement } from '../elements.ts'
import type { LoggedEvent } from '../event-log.ts'
import { sayTime } from '../say-amounts.ts'
import type { View } from './view.ts'

/** Gaps, resets, ends and beginnings of connections. */
export function eventsView(make: MakeElement): View {
  let shown: readonly LoggedEvent[] | undefined
  /** Events that had come when it was seen last. */
  let seen: number | undefined
  const list = make('ol', { class: 'events' })
  const blank = make('p', { class: 'blank' }, ['Nothing happened yet. Gaps, resets, and connections that begin and end are told here.'])

  function item({ atMs, kind, space, code, says, tone }: LoggedEvent): HTMLElement {
    return make('li', { class: 'event', 'data-tone': tone }, [
      make('time', { class: 'digits hint' }, [sayTime(atMs)]),
      make('span', { class: 'event-kind' }, [kind]),
      make('span', { class: 'event-says' }, [
        ...(space === undefined ? [] : [make('span', { class: 'event-space' }, [space]), ' ']),
        says,
        ...(code === undefined ? [] : [' ', make('code', {}, [code])]),
      ]),
    ])
  }

  return {
    element: make('div', {}, [list, blank]),
    badge({ eventCount }) {
      seen ??= eventCount
      return eventCount > seen ? String(eventCount - seen) : undefined
    },
    show({ events, eventCount }) {
      seen = eventCount
      if (events === shown) return
      shown = events
      list.replaceChildren(...events.map(item))
      blank.hidden = events.length > 0
    },
  }
}
