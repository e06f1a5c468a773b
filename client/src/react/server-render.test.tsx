// In Node, as a server renders a page: every hook gives what stands while loading, and nothing is opened.
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { SERVED_HTML, ServedPage, servedReplica } from '../testing/served-page.tsx'

/** Without what development builds add to where an error was. */
const rendered = (page: Parameters<typeof renderToString>[0]) => renderToString(page).replace(/<template [^>]*>/, '<template>')

it('a server renders what stands while loading, and the fallback of what suspends; it opens and subscribes to nothing', () => {
  const { replica, messages, newest, held, subscriptions } = servedReplica('served')
  expect(rendered(<ServedPage replica={replica} />)).toBe(SERVED_HTML)
  expect([messages.opened, newest.opened, subscriptions(), held.size]).toEqual([0, 0, 0, 0])
})

it('a server without a replica renders the fallback of the provider', () => {
  expect(rendered(<ServedPage replica={undefined} />)).toBe('<p>opening</p>')
})
