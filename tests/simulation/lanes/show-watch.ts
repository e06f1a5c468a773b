import type { LaneBatch } from '@tidemark/client'
import type { MergedTick, StoredSay } from '@tidemark/server'
import type { Tick } from '@tidemark/shared'
import { definitionOf, LANES, type LaneName } from './show-app.ts'
import { SPEAKERS, WORDS, type Word } from './show-plan.ts'
import { Timeline } from './timeline.ts'

export interface Failure {
  readonly oracle: string
  readonly message: string
}

/** Once said, or said again under the id of before. */
interface Attempt {
  readonly fromMs: number
  toMs: number
  /** `taken`: answered without an error; a code: refused; undefined: nobody knows. */
  end: 'taken' | string | undefined
}

/** What one user said in one lane under one id. */
export interface Saying {
  readonly lane: LaneName
  readonly by: string
  readonly id: string
  readonly text: string
  readonly attempts: Attempt[]
  readonly isAnnouncement?: boolean | undefined
}

interface Appended {
  readonly key: string
  readonly place: number
  readonly atMs: number
}
interface Merged {
  readonly tick: Tick
  readonly atMs: number
}
/** What a page has shown of a lane. */
interface Shown {
  readonly user: string
  readonly lane: LaneName
  readonly counts: Map<string, number>
  /** Of what was said here, when, in ms, and how many clearings came before. */
  readonly own: Map<string, { readonly atMs: number; readonly clearings: number }>
  clearings: number
  closedMs: number
}

/** Later than it was confirmed an act counts, in ms; and ends by the wall's clock are so much off where that steps. */
const ACT_SLACK_MS = 1500
const CLOCK_SLACK_MS = 12_000
/** A repeat of a frame is still on its way so long after it was answered, in ms. */
const STRAYS_MS = 20_000
/** What is said is shown when the page is drawn next, in ms. */
const DRAWN_MS = 500
const FAILURES_KEPT = 20

/**
 * Looks at a show from four sides: what people said and were answered, what the store took and made ticks of, what left by the bus, and what
 * pages showed. It knows nothing of buckets, rings and strands.
 */
export class ShowWatch {
  readonly failures: Failure[] = []
  readonly sayings = new Map<string, Saying>()
  readonly people: ReadonlyMap<string, Timeline<'mute' | 'block' | undefined>>
  readonly words: ReadonlyMap<Word, Timeline<boolean>>
  readonly stopped: ReadonlyMap<string, Timeline<boolean>>
  readonly caps: ReadonlyMap<string, Timeline<number>>
  readonly clears: { readonly lane: LaneName; readonly calledMs: number; doneMs: number }[] = []
  /** Of what was held, what became of it. */
  readonly released = new Map<string, 'called' | 'released' | 'discarded'>()
  readonly pages: Shown[] = []
  items = 0
  cut = 0
  readonly #nowMs: () => number
  readonly #slackMs: number
  readonly #open = new Map<string, Appended[]>()
  readonly #tickOf = new Map<string, { readonly lane: string; readonly tick: number; readonly atMs: number }>()
  readonly #merged = new Map<string, Merged>()
  /** By lane, the ticks in which a thing stands. */
  readonly #seen = new Map<string, Set<number>>()
  readonly #last = new Map<string, number>()
  #places = 0
  #startedAt = 0

  constructor(nowMs: () => number, doesClockStep: boolean) {
    this.#nowMs = nowMs
    const slackMs = ACT_SLACK_MS + (doesClockStep ? CLOCK_SLACK_MS : 0)
    this.#slackMs = slackMs
    const each = <K, T>(keys: readonly K[], first: (key: K) => T) => new Map(keys.map((key) => [key, new Timeline(first(key), slackMs)]))
    this.people = each(SPEAKERS as readonly string[], () => undefined as 'mute' | 'block' | undefined)
    this.words = each(Object.keys(WORDS) as Word[], () => false)
    this.stopped = each(LANES as readonly string[], () => false)
    this.caps = each(LANES as readonly string[], (lane) => definitionOf(lane as LaneName).cap)
  }

  fail(oracle: string, message: string): void {
    if (this.failures.length < FAILURES_KEPT) this.failures.push({ oracle, message: `${Math.round(this.#nowMs())} ms: ${message}` })
  }

  /** A process began. */
  began(): void {
    this.#startedAt = this.#nowMs()
    this.#last.delete('typing')
  }

  /** Somebody says something; the returned function hears how it was answered. */
  said(saying: Omit<Saying, 'attempts'>): (end: Attempt['end']) => void {
    const key = keyOf(saying)
    const known = this.sayings.get(key) ?? { ...saying, attempts: [] }
    this.sayings.set(key, known)
    const attempt: Attempt = { fromMs: this.#nowMs(), toMs: Number.POSITIVE_INFINITY, end: undefined }
    known.attempts.push(attempt)
    return (end) => {
      attempt.toMs = this.#nowMs()
      attempt.end = end
    }
  }

  appended(says: readonly StoredSay[], isNew: readonly boolean[]): void {
    for (const [at, { place, tick, by, id }] of says.entries()) {
      if (!isNew[at]) continue
      const key = keyOf({ lane: place.lane, by, id })
      if (this.#tickOf.has(key)) this.fail('once', `the store took ${key} twice`)
      const tickKey = `${place.lane} ${tick}`
      const open = this.#open.get(tickKey) ?? []
      open.push({ key, place: ++this.#places, atMs: this.#nowMs() })
      this.#open.set(tickKey, open)
      this.#tickOf.set(key, { lane: place.lane, tick, atMs: this.#nowMs() })
      if (this.#merged.has(tickKey)) this.fail('once', `${key} was stored for the tick ${tick}, which had left`)
    }
  }

  merged(ticks: readonly MergedTick[]): void {
    for (const { place, tick, text, clearedAtMs } of ticks) {
      const { lane } = place
      const tickKey = `${lane} ${tick}`
      const appended = this.#open.get(tickKey) ?? []
      this.#open.delete(tickKey)
      if (text === undefined) {
        if (appended.length > 0 && !this.#isCleared(lane, appended[0]?.atMs ?? 0))
          this.fail('lost', `the tick ${tick} of ${lane} left without its ${appended.length}`)
        continue
      }
      if (this.#merged.has(tickKey)) this.fail('once', `the tick ${tick} of ${lane} was merged twice`)
      const made = JSON.parse(text) as Tick
      this.#merged.set(tickKey, { tick: made, atMs: this.#nowMs() })
      this.#judgeTick(lane, made, appended, clearedAtMs !== undefined)
    }
  }

  #judgeTick(lane: string, { tick, items, cut, late }: Tick, appended: readonly Appended[], isCleared: boolean): void {
    const places = new Map(appended.map(({ key, place }) => [key, place]))
    let before = 0
    for (const { by, id } of items) {
      const key = keyOf({ lane, by, id })
      const place = places.get(key)
      if (place === undefined) this.fail('invented', `${key} stands in the tick ${tick}, for which nobody said it`)
      else if (place < before) this.fail('order', `${key} stands in the tick ${tick} after what was said later`)
      before = Math.max(before, place ?? 0)
      this.#sees(lane, tick, key)
    }
    const counted = items.reduce((sum, { count = 1 }) => sum + count, 0) + cut
    const isWhole = isCleared || this.#isCleared(lane, appended[0]?.atMs ?? 0) ? counted <= appended.length : counted === appended.length
    if (!isWhole) this.fail('adds up', `the tick ${tick} of ${lane} tells ${counted} of ${appended.length}: ${cut} cut`)
    this.items += items.length
    this.cut += cut
    const announcements = items.filter(({ announcement }) => announcement).length
    const fromMs = Math.min(...appended.map(({ atMs }) => atMs), this.#nowMs())
    const caps = [...(this.caps.get(lane)?.within(fromMs, this.#nowMs()) ?? [])]
    // A process that begins has not read yet what admins changed.
    if (late) caps.push(definitionOf(lane as LaneName).cap)
    if (items.length > Math.max(...caps, announcements)) this.fail('cap', `the tick ${tick} of ${lane} has ${items.length}, of ${caps}`)
    if (fromMs < this.#startedAt && !late) this.fail('late', `the tick ${tick} of ${lane} is of a process before, and not told as late`)
  }

  /** A frame leaves for all who follow. */
  published(lane: string, frame: string, tick: number | undefined): void {
    if (tick === undefined) return
    const told = JSON.parse(frame) as Tick
    if (tick <= (this.#last.get(lane) ?? 0)) this.fail('grows', `${lane} told the tick ${tick} after ${this.#last.get(lane)}`)
    this.#last.set(lane, tick)
    const kept = this.#merged.get(`${lane} ${tick}`)?.tick
    if (lane === 'typing') for (const { by, id } of told.items) this.#sees(lane, tick, keyOf({ lane, by, id }))
    else if (JSON.stringify(kept?.items) !== JSON.stringify(told.items))
      this.fail('stored', `the tick ${tick} of ${lane} left before it was stored`)
    for (const item of told.items) this.#judgeText(lane, item.by, item.id, (item.body as { readonly text: string }).text)
  }

  /** A page opened; the returned functions hear of what it says and shows. */
  page(user: string, lane: LaneName): { said(id: string): void; closed(): void; shown(batch: LaneBatch<{ readonly text: string }>): void } {
    const page: Shown = { user, lane, counts: new Map(), own: new Map(), clearings: 0, closedMs: Number.POSITIVE_INFINITY }
    this.pages.push(page)
    return {
      said: (id) => void page.own.set(keyOf({ lane, by: user, id }), { atMs: this.#nowMs(), clearings: page.clearings }),
      closed: () => {
        page.closedMs = this.#nowMs()
      },
      shown: ({ items, cleared }) => {
        if (cleared) page.clearings++
        for (const { by, id, body } of items) {
          const key = keyOf({ lane, by, id })
          const count = (page.counts.get(key) ?? 0) + 1
          page.counts.set(key, count)
          const own = page.own.get(key)
          const most = own !== undefined && page.clearings > own.clearings ? 2 : 1
          if (count > most) this.fail('shown once', `${user} was shown ${key} ${count} times`)
          if (by !== user) this.#judgeText(lane, by, id, body.text)
          if (by !== user && !this.#seen.has(key)) this.fail('invented', `${user} was shown ${key}, which stands in no tick`)
        }
      },
    }
  }

  /** Whether a page has shown it. */
  hasShown(user: string, lane: LaneName, text: string): boolean {
    const page = this.pages.findLast((page) => page.user === user && page.lane === lane)
    const keys = [...this.sayings.values()].filter((saying) => saying.lane === lane && saying.text === text).map(keyOf)
    return keys.every((key) => page?.counts.get(key) === 1)
  }

  /** After all has come right. `held`: what waits for a person; `isWatched`: nothing kept pages from seeing all. */
  judge(held: ReadonlySet<string>, isWatched: boolean): void {
    for (const [tickKey, { length }] of this.#open) this.fail('lost', `${length} that were stored for ${tickKey} are in no tick`)
    // A lane that keeps nothing knows no ids.
    for (const [key, ticks] of this.#seen)
      if (ticks.size > 1 && !key.startsWith('typing ')) this.fail('once', `${key} stands in the ticks ${[...ticks]}`)
    for (const saying of this.sayings.values()) this.#judgeSaying(saying, held)
    for (const { user, counts, own, closedMs } of this.pages)
      for (const [key, { atMs }] of own)
        if (!counts.has(key) && closedMs - atMs > DRAWN_MS) this.fail('shown once', `${user} was not shown their own ${key}`)
    if (isWatched)
      for (const { user, lane, counts } of this.pages)
        for (const key of this.#seen.keys())
          if (key.startsWith(`${lane} `) && !counts.has(key)) this.fail('shown', `${user} missed ${key}, and nothing was lost`)
  }

  #judgeSaying(saying: Saying, held: ReadonlySet<string>): void {
    const key = keyOf(saying)
    const { lane, by, text, attempts, isAnnouncement } = saying
    const isSeen = (this.#seen.get(key)?.size ?? 0) > 0
    const fate = this.released.get(key)
    if (fate === 'released' && !this.#stands(key, lane, text)) this.fail('released', `${key} was released and stands in no tick`)
    if (isAnnouncement) return
    const mayShow = attempts.some(({ fromMs, toMs }) => this.#verdicts(by, text, fromMs, toMs + STRAYS_MS).includes('say'))
    if (isSeen && !mayShow && (fate === undefined || fate === 'discarded'))
      this.fail('hidden', `${key} "${text}" was shown, and never could be: ${JSON.stringify(attempts)}`)
    for (const { fromMs, toMs, end } of attempts) {
      if (end !== 'taken') continue
      if (
        this.people
          .get(by)
          ?.within(fromMs, toMs)
          .every((act) => act === 'block')
      )
        this.fail('blocked', `${key} was taken of who is blocked`)
      if (this.stopped.get(lane)?.within(fromMs, toMs).every(Boolean)) this.fail('stopped', `${key} was taken of a lane that is stopped`)
      const isHeld = text.includes('hmm') && this.words.get('hmm')?.within(fromMs, toMs).every(Boolean)
      const isHeard = this.people
        .get(by)
        ?.within(fromMs, toMs)
        .every((act) => act === undefined)
      if (isHeld && isHeard && !isSeen && fate === undefined && !held.has(key))
        this.fail('held', `${key} was taken at ${toMs} and is not held`)
      const mustShow = this.#verdicts(by, text, fromMs, toMs).every((verdict) => verdict === 'say')
      if (mustShow && !this.#stands(key, lane, text)) this.fail('lost', `${key} "${text}" was taken at ${toMs} and stands in no tick`)
    }
  }

  /** It stands in its tick, or was folded into an equal one, or that tick was cut or cleared. */
  #stands(key: string, lane: LaneName, text: string): boolean {
    if (this.#seen.has(key)) return true
    const stored = this.#tickOf.get(key)
    if (stored === undefined) return false
    const merged = this.#merged.get(`${lane} ${stored.tick}`)
    if (this.#isCleared(lane, stored.atMs)) return true
    if (merged === undefined) return false
    const isSame = (body: unknown) => folded((body as { readonly text: string }).text) === folded(text)
    return merged.tick.cut > 0 || merged.tick.items.some(({ body, count = 1 }) => count > 1 && (isSame(body) || text.includes('fudge')))
  }

  /** What may become of a text that is said some time between. */
  #verdicts(by: string, text: string, fromMs: number, toMs: number): readonly ('say' | 'not')[] {
    const person = this.people.get(by)?.within(fromMs, toMs) ?? [undefined]
    const verdicts = new Set<'say' | 'not'>()
    const word = (Object.keys(WORDS) as Word[]).find((word) => text.includes(word))
    const listed = word === undefined || WORDS[word] === 'mask' ? [false] : (this.words.get(word)?.within(fromMs, toMs) ?? [])
    for (const act of person) {
      if (act !== undefined) verdicts.add('not')
      else for (const isListed of listed) verdicts.add(isListed ? 'not' : 'say')
    }
    return [...verdicts]
  }

  #judgeText(lane: string, by: string, id: string, text: string): void {
    const saying = this.sayings.get(keyOf({ lane, by, id }))
    if (saying === undefined) this.fail('invented', `${by} never said ${id} in ${lane}`)
    else if (text === saying.text && text.includes('fudge')) {
      const isListed = ({ fromMs, toMs }: Attempt) =>
        this.words
          .get('fudge')
          ?.within(fromMs, toMs + STRAYS_MS)
          .every(Boolean)
      if (saying.attempts.every(isListed)) this.fail('masked', `${by} is shown to say ${text}`)
    } else if (text !== saying.text && !saying.text.includes('fudge')) this.fail('invented', `${by} said ${saying.text}, and not ${text}`)
  }

  #sees(lane: string, tick: number, key: string): void {
    const ticks = this.#seen.get(key) ?? new Set()
    ticks.add(tick)
    this.#seen.set(key, ticks)
    if (ticks.size > 1 && lane !== 'typing') this.fail('once', `${key} stands in the ticks ${[...ticks]}`)
  }

  /** Screens of the lane may have been cleared since then. */
  #isCleared(lane: string, sinceMs: number): boolean {
    return this.clears.some((clear) => clear.lane === lane && clear.doneMs + this.#slackMs >= sinceMs)
  }
}

export function keyOf({ lane, by, id }: { readonly lane: string; readonly by: string; readonly id: string }): string {
  return `${lane} ${by} ${id}`
}

function folded(text: string): string {
  return text.toLowerCase().replace(/\s+/gu, ' ').trim()
}
