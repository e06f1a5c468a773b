import { BadRequestError, type Clock, type SpaceId, type SyncError } from '@tidemark/shared'
import type { ShownCopies } from '../replica/shown-copies.ts'
import type { ReplicaStorage } from '../replica/storage.ts'
import { type Answer, answerOf, fail, type Listener } from './answer.ts'
import { type Mirror, openMirror } from './mirror.ts'
import type { Question } from './question.ts'
import type { Snapshot, Watch } from './watch-api.ts'

/** How long what nobody watches any more is kept up to date for who comes back, in ms. */
export const LINGER_MS = 5_000
/** Questions that wait so at most; those left first are forgotten first. Each commit is taken by all of them. */
export const LINGERING_MAX = 100
/** Watches of one question above which it is told, in development, that some may have been left open. */
export const WATCHES_EXPECTED_MAX = 100

export interface WatchPorts extends ShownCopies, Pick<ReplicaStorage, 'read' | 'onChange'> {
  readonly clock: Clock
  closedError(): Error
  /** In development alone: what the app's developer should know. */
  readonly warn?: ((text: string) => void) | undefined
}

/** All watches of a replica. */
export interface Watches {
  /** Of all replicas of this page, from 1 on. */
  readonly number: number
  /** Throws BadRequestError without both callbacks. */
  watch(question: Question, listener: Listener): Watch
  current(question: Question): Snapshot<unknown> | undefined
  /** The app has opened the space once more: what it was denied is asked for anew. */
  opened(space: SpaceId): void
  /** What the status tells. Watches of a space whose copy was taken away are over once its documents have left. */
  told(spaces: { readonly [space: string]: { readonly denied?: SyncError } }): void
  close(): void
}

/** A mirror, and what is asked of it. */
interface Watched {
  readonly name: string
  readonly space: SpaceId
  readonly mirror: Mirror
  readonly answers: Map<string, Answer>
}

let opened = 0

export function openWatches({ clock, closedError, warn, ...replica }: WatchPorts): Watches {
  const all = new Map<string, Watched>()
  /** Those of which something is to be told. */
  let due = new Set<Watched>()
  /** By space, why its copy was taken away; undefined where the app has asked again since. */
  const denials = new Map<SpaceId, SyncError | undefined>()
  /** The answers that wait for who comes back: what ends the waiting, and what ends them. */
  const waits = new Map<Answer, { cancel(): void; forget(): void }>()
  let closed = false

  const ofSpace = (space: SpaceId) => [...all.values()].filter((watched) => watched.space === space)
  const endings = [
    replica.onChange((...change) => {
      for (const { mirror } of all.values()) mirror.heard(...change)
    }),
    replica.onShown((space) => {
      for (const { mirror } of ofSpace(space)) mirror.shown()
    }),
  ]

  /** What happens until the microtask after the first commit is one batch. */
  function tellSoon(watched: Watched): void {
    due.add(watched)
    if (due.size === 1) void Promise.resolve().then(tell)
  }
  function tell(): void {
    const batch = due
    due = new Set()
    // All answers first: whoever is told sees the same commits everywhere.
    for (const news of Array.from(batch, take).flat()) news()
  }
  function take(watched: Watched): (() => void)[] {
    const { mirror, answers, space } = watched
    if (!mirror.isRead) return []
    const changes = mirror.take()
    const news = Array.from(answers.values(), (answer) => {
      try {
        return answer.take(mirror.docs, changes)
      } catch (error) {
        return () => end(watched, error, [answer])
      }
    })
    const denied = denials.get(space)
    // A turn later, and so below for who comes when all is closed: a page may ask again whenever it is told, and has to live on.
    if (denied && mirror.isPresent && replica.shownAs(space) === 0)
      clock.after(0, () => denials.get(space) === denied && end(watched, denied))
    return news
  }
  /** Without a reason: the replica is closed. */
  function end(watched: Watched, error?: unknown, answers: Iterable<Answer> = watched.answers.values()): void {
    const ended = [...answers]
    // All of them first: whoever asks again when told begins anew.
    for (const answer of ended) release(watched, answer)
    for (const answer of ended)
      answer.end((listener) => {
        if (error === undefined && listener.onEnd) listener.onEnd()
        else fail(listener, error ?? closedError())
      })
  }
  function endWait(answer: Answer): void {
    waits.get(answer)?.cancel()
    waits.delete(answer)
  }
  function release({ name, mirror, answers }: Watched, answer: Answer): void {
    endWait(answer)
    if (!answers.delete(answer.question.key) || answers.size > 0) return
    mirror.close()
    all.delete(name)
  }

  /** Where a question is asked, or would be. */
  function nameFor({ space, collection, id, key }: Question): string {
    const whole = `${space} ${collection}`
    const alone = `${whole} ${id}`
    // One document is read alone, unless all are there already.
    return id !== undefined && (all.get(alone)?.answers.has(key) || !all.get(whole)?.mirror.isRead) ? alone : whole
  }
  function watchedFor(question: Question): Watched {
    const name = nameFor(question)
    const found = all.get(name)
    if (found) return found
    const { space, collection } = question
    const id = name === `${space} ${collection}` ? undefined : question.id
    const mirror = openMirror(
      { space, collection, id },
      { ...replica, clock, changed: () => tellSoon(watched), failed: (error) => end(watched, error) },
    )
    const watched: Watched = { name, space, mirror, answers: new Map() }
    all.set(name, watched)
    return watched
  }
  function answerFor(watched: Watched, question: Question): Answer {
    const { answers } = watched
    const found = answers.get(question.key)
    if (found) return found
    const answer = answerOf(question, () => {
      const forget = () => release(watched, answer)
      waits.set(answer, { cancel: clock.after(LINGER_MS, forget), forget })
      if (waits.size > LINGERING_MAX) waits.values().next().value?.forget()
    })
    answers.set(question.key, answer)
    return answer
  }
  const placesOf = ({ question, watchers }: Answer) => Array.from(watchers, ({ made }) => `${question.key} ${made}`).join('\n')

  return {
    number: ++opened,
    watch(question, listener) {
      if (typeof listener?.onChange !== 'function' || typeof listener.onError !== 'function')
        throw new BadRequestError('watch: onChange and onError are needed')
      if (closed) return watchClosed(listener, clock, closedError)
      const watched = watchedFor(question)
      const answer = answerFor(watched, question)
      endWait(answer)
      const watch = answer.join(listener, warn && new Error('watched').stack)
      if (answer.watchers.size === WATCHES_EXPECTED_MAX + 1)
        warn?.(`${answer.watchers.size} watches of one question are open. Close each that is needed no more.\n${placesOf(answer)}`)
      tellSoon(watched)
      return watch
    },
    current: (question) => all.get(nameFor(question))?.answers.get(question.key)?.last,
    opened(space) {
      if (denials.has(space)) denials.set(space, undefined)
    },
    told(spaces) {
      for (const [space, { denied }] of Object.entries(spaces)) {
        if (denied?.code !== 'forbidden') denials.delete(space)
        else if (!denials.has(space)) {
          denials.set(space, denied)
          ofSpace(space).forEach(tellSoon)
        }
      }
    },
    close() {
      closed = true
      for (const ending of endings) ending()
      const left = [...all.values()].flatMap(({ answers }) => [...answers.values()])
      const open = left.filter(({ watchers }) => [...watchers].some(({ listener }) => !listener.onEnd))
      if (open[0]) warn?.(`The replica was closed while these watches were open:\n${open.map(placesOf).join('\n')}`)
      for (const watched of [...all.values()]) end(watched)
    },
  }
}

/** Of a closed replica only that is told. */
function watchClosed(listener: Listener, clock: Clock, closedError: () => Error): Watch {
  const close = clock.after(0, () => {
    if (listener.onEnd) listener.onEnd()
    else fail(listener, closedError())
  })
  return { close }
}
