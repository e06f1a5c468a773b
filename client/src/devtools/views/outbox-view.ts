import { keyedRows, type MakeElement, setAttribute, setText } from '../elements.ts'
import type { Observed } from '../observed.ts'
import { MUTATIONS_SHOWN_MAX, type OutboxRow, pendingRows, refusedRows } from '../outbox-rows.ts'
import { sayCount, saySpan } from '../say-amounts.ts'
import type { View } from './view.ts'

/** What is not sent, and what was refused, with the way out of each. */
export function outboxView(make: MakeElement): View {
  let observed: Observed | undefined
  /** What an act on a mutation came to, where it failed; by number. */
  const failed = new Map<number, string>()

  async function act(n: number, work: () => unknown): Promise<void> {
    failed.delete(n)
    try {
      await work()
    } catch (error) {
      failed.set(n, error instanceof Error ? error.message : String(error))
    }
    if (observed) view.show(observed)
  }
  const withFailure = (row: OutboxRow): OutboxRow => {
    const failure = failed.get(row.n)
    return failure === undefined ? row : { ...row, says: `${row.says}; ${failure}`, tone: 'wrong' }
  }
  const rows = (list: HTMLElement, buttons: (row: OutboxRow) => readonly HTMLElement[]) =>
    keyedRows<OutboxRow>(
      list,
      ({ n }) => String(n),
      (row) => mutationItem(make, buttons(row)),
    )
  const button = (says: string, { n, name }: OutboxRow, work: () => unknown, isWrong = false) =>
    make('button', { type: 'button', class: isWrong ? 'wrong' : undefined, 'aria-label': `${says}: ${name}, number ${n}` }, [says], {
      click: () => void act(n, work),
    })

  const pending = make('ul', { class: 'mutations' })
  const refused = make('ul', { class: 'mutations' })
  const showPending = rows(pending, (row) => {
    const entry = () => observed?.pending.find(({ n }) => n === row.n)
    return [button('Try now', row, () => entry()?.retry()), button('Take back', row, () => entry()?.dismiss(), true)]
  })
  const showRefused = rows(refused, (row) => {
    const entry = () => observed?.refused.find(({ n }) => n === row.n)
    return [button('Send again', row, () => entry()?.retry()), button('Discard', row, () => entry()?.dismiss(), true)]
  })
  const pendingBlank = make('p', { class: 'blank' }, ['Nothing waits: the server has answered for all that was written here.'])
  const refusedBlank = make('p', { class: 'blank' }, ['Nothing was refused.'])
  const pendingMore = make('p', { class: 'hint' })
  const refusedMore = make('p', { class: 'hint' })
  const blocked = make('p', { class: 'notice' })
  const view: View = {
    element: make('div', { class: 'halves' }, [
      make('section', { 'aria-label': 'Pending' }, [make('h3', {}, ['Pending']), blocked, pending, pendingBlank, pendingMore]),
      make('section', { 'aria-label': 'Refused' }, [make('h3', {}, ['Refused']), refused, refusedBlank, refusedMore]),
    ]),
    badge({ status }) {
      const count = status.pending + status.refused
      return count === 0 ? undefined : String(count)
    },
    show(now) {
      observed = now
      const { status, nowMs } = now
      showPending(pendingRows(now.pending, nowMs).map(withFailure))
      showRefused(refusedRows(now.refused, nowMs).map(withFailure))
      blocked.hidden = !status.blocked
      setText(blocked, status.blocked ? `Nothing is sent now (${status.blocked.code}): ${status.blocked.message}` : '')
      pendingBlank.hidden = now.pending.length > 0
      refusedBlank.hidden = now.refused.length > 0
      more(pendingMore, now.pending.length)
      more(refusedMore, now.refused.length)
    },
  }
  return view
}

function more(element: HTMLElement, count: number): void {
  element.hidden = count <= MUTATIONS_SHOWN_MAX
  setText(element, `${sayCount(count - MUTATIONS_SHOWN_MAX, 'more', 'more')}, newer than these.`)
}

function mutationItem(make: MakeElement, buttons: readonly HTMLElement[]) {
  const what = make('span', { class: 'mutation-name' })
  const space = make('span', { class: 'mutation-space' })
  const says = make('span', { class: 'mutation-says' })
  const age = make('span', { class: 'digits hint' })
  const element = make('li', { class: 'mutation' }, [what, space, age, says, make('span', { class: 'acts' }, buttons)])
  return {
    element,
    show(row: OutboxRow) {
      setAttribute(element, 'data-tone', row.tone)
      setText(what, `#${row.n} ${row.name}`)
      setText(space, row.space)
      setText(says, row.says)
      setText(age, row.ageMs < 1000 ? 'just now' : `${saySpan(row.ageMs)} ago`)
    },
  }
}
