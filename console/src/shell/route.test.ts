import { expect, it } from 'vitest'
import { hrefOf, routeOf } from './route.ts'

it('an address of the console leads to its page, whatever is in it', () => {
  expect(routeOf(hrefOf('lanes', 'live:main', 'danmu'))).toEqual({ page: 'lanes', of: ['live:main', 'danmu'] })
  expect(routeOf(hrefOf('people', 'a/b #%'))).toEqual({ page: 'people', of: ['a/b #%'] })
  expect(routeOf('')).toEqual({ page: 'overview', of: [] })
  expect(routeOf('#/nowhere/x')).toEqual({ page: 'overview', of: [] })
  expect(routeOf('#/held/%E0%A4%A')).toEqual({ page: 'held', of: [] })
})
