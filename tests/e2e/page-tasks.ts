import type { Browser, Page } from 'playwright-core'

/** A task of a page's main thread, in ms: from its beginning to its end, and the part of it in which it had a core. */
export interface Task {
  readonly wallMs: number
  readonly ranMs: number
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** In µs; `tdur` is the time that the thread ran. */
  readonly dur?: number
  readonly tdur?: number
  readonly args: { readonly name?: string }
}

/** The tasks of all pages of this browser while `work` is done. */
export async function tasksDuring(browser: Browser, page: Page, work: () => Promise<void>): Promise<readonly Task[]> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
  await work()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { readonly traceEvents: readonly TraceEvent[] }
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`
  const mains = new Set(traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(threadOf))
  return traceEvents
    .filter((event) => event.name.endsWith('RunTask') && event.dur !== undefined && mains.has(threadOf(event)))
    .map(({ dur = 0, tdur = dur }) => ({ wallMs: dur / 1000, ranMs: tdur / 1000 }))
}
