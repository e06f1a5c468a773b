import { keyedRows, type MakeElement, setAttribute, setText } from '../elements.ts'
import { sayCount, sayNumber } from '../say-amounts.ts'
import { SPACES_SHOWN_MAX, type SpaceRow, spaceRows } from '../space-rows.ts'
import type { View } from './view.ts'

/** Each space as a water line: how far its copy has come, and how far the server is. */
export function spacesView(make: MakeElement): View {
  const list = make('ul', { class: 'spaces' })
  const empty = make('p', { class: 'blank' }, ['No space is open. It is listed here once the app calls replica.space().'])
  const more = make('p', { class: 'hint' })
  const show = keyedRows<SpaceRow>(
    list,
    ({ space }) => space,
    () => spaceItem(make),
  )
  return {
    element: make('div', {}, [list, empty, more]),
    badge: ({ status }) => sayNumber(Object.keys(status.spaces).length),
    show({ status, following }) {
      const rows = spaceRows(status, following)
      show(rows.slice(0, SPACES_SHOWN_MAX))
      empty.hidden = rows.length > 0
      more.hidden = rows.length <= SPACES_SHOWN_MAX
      setText(more, `${sayCount(rows.length - SPACES_SHOWN_MAX, 'space')} more, none of which is behind or denied.`)
    },
  }
}

function spaceItem(make: MakeElement) {
  const name = make('span', { class: 'space-name' })
  const state = make('span', { class: 'space-state' })
  const water = make('span', { class: 'water' })
  const level = make('span', { class: 'level', 'aria-hidden': 'true' }, [water])
  const version = make('span', { class: 'digits' })
  const notes = make('span', { class: 'hint' })
  const element = make('li', { class: 'space' }, [name, state, level, version, notes])
  return {
    element,
    show(row: SpaceRow) {
      const { space, behind, head, code } = row
      setText(name, space)
      setAttribute(element, 'data-state', row.state)
      setText(state, row.state === 'denied' ? `denied: ${code}` : row.state)
      // Some of what is missing always shows, however little it is beside the rest.
      const part = behind === 0 ? 1 : Math.min(0.94, row.version / head)
      water.style.width = `${(part * 100).toFixed(1)}%`
      const at = `version ${sayNumber(row.version)}`
      setText(version, behind > 0 ? `${at} of ${sayNumber(head)}, ${sayNumber(behind)} behind` : at)
      setText(notes, row.notes.join(', '))
    },
  }
}
