import type { Lane, Said } from '@tidemark/client'
import {
  connect,
  createReplica,
  fixedBeat,
  type HttpAnswer,
  type MemoryStorage,
  memoryStorage,
  plainTables,
} from '@tidemark/client/testing'
import type { SyncError } from '@tidemark/shared'
import { Network } from '../network.ts'
import { Page } from '../page.ts'
import { FAIR } from '../plan.ts'
import { presentOf } from '../present-of.ts'
import { type Node, newNode, Scheduler } from '../scheduler.ts'
import { streamOf } from '../seeded-random.ts'
import { TokenIssuer } from '../token-issuer.ts'
import { deskApp, LANES, type LaneName, plain, SHOW, showApp } from './show-app.ts'
import { ShowHost } from './show-host.ts'
import { type ShowAction, type ShowPlan, SPEAKERS, type Speaker, WORDS } from './show-plan.ts'
import { keyOf, ShowWatch } from './show-watch.ts'

type Sent = { readonly confirmed: Promise<unknown> }
interface OpenShow {
  lane(name: LaneName): Lane<{ readonly text: string }>
  readonly mutate: { note(args: object): Promise<Sent> }
}
interface OpenDesk {
  readonly mutate: Readonly<Record<string, (args: object) => Promise<Sent>>>
  readonly held: { toArray(): Promise<readonly Held[]> }
}
interface Held {
  readonly $id: string
  readonly lane: LaneName
  readonly by: string
  readonly item: string
}
/** A page of somebody who looks at all lanes and says something now and then. */
interface ShowPage {
  readonly node: Node
  readonly show: OpenShow
  readonly replica: { readonly status$: unknown; close(): Promise<void> }
  readonly heard: ReadonlyMap<LaneName, ReturnType<ShowWatch['page']>>
}

const TICK_MS = 1000
const POST_WITHIN_MS = 4000
const REPEAT_MS = 300

/** Four people with a page each, one who moderates, and the server between them. */
export class ShowWorld {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly host: ShowHost
  readonly watch: ShowWatch
  readonly pages = new Map<Speaker, ShowPage>()
  /** Documents that were written beside the lanes, and those that are known to be saved. */
  readonly notes = new Set<string>()
  readonly saved = new Set<string>()
  readonly #plan: ShowPlan
  readonly #issuer: TokenIssuer
  /** Nothing fails here: what an admin does is to take effect soon, so that it can be judged. */
  readonly #calm: Network
  readonly #said: { readonly lane: LaneName; readonly by: string; readonly id: string; readonly text: string }[] = []
  readonly #self = newNode('world')
  readonly #storages = new Map<string, MemoryStorage>()
  #desk: OpenDesk | undefined
  #opened = 0
  #posts = 0

  constructor(plan: ShowPlan) {
    const { seed, classes } = plan
    this.#plan = plan
    this.scheduler = new Scheduler(seed)
    this.#issuer = new TokenIssuer(this.scheduler.clockOf(this.#self))
    this.watch = new ShowWatch(() => this.scheduler.nowMs, classes.includes('clock-back'))
    this.network = new Network(this.scheduler, seed, () => this.host)
    this.network.faults = plan.network
    this.#calm = new Network(this.scheduler, seed + 1, () => this.host)
    this.host = new ShowHost({
      plan,
      scheduler: this.scheduler,
      issuer: this.#issuer,
      watch: this.watch,
      died: (node) => {
        this.network.died(node)
        this.#calm.died(node)
      },
    })
  }

  async begin(): Promise<void> {
    this.host.start()
    const { replica } = await this.#open('host', this.#calm, deskApp)
    this.#desk = replica.space('moderation' as never) as unknown as OpenDesk
    for (const who of SPEAKERS) await this.open(who)
    for (const { atMs, ...action } of this.#plan.steps) this.scheduler.at(this.#self, atMs, action.do, () => this.act(action as ShowAction))
  }

  /** Opens a page of theirs, in place of the one that is open. */
  async open(who: Speaker): Promise<void> {
    const before = this.pages.get(who)
    if (before) {
      before.node.alive = false
      for (const { closed } of before.heard.values()) closed()
    }
    const { node, replica } = await this.#open(who, this.network, showApp)
    const show = replica.space(SHOW as never) as unknown as OpenShow
    const heard = new Map(LANES.map((lane) => [lane, this.watch.page(who, lane)]))
    for (const [lane, { shown }] of heard) show.lane(lane).items$.subscribe(shown)
    this.pages.set(who, { node, show, replica, heard })
  }

  async #open(user: string, network: Network, app: unknown) {
    const node = newNode(`${user} ${++this.#opened}`)
    const clock = this.scheduler.clockOf(node)
    const random = streamOf(this.#plan.seed, 'page', node.name)
    const page = new Page()
    this.#storages.get(user)?.crash()
    const storage = this.#storages.get(user)?.reopen() ?? memoryStorage()
    this.#storages.set(user, storage)
    const replica = await createReplica({
      connect,
      app: plain(app),
      user,
      token: () => this.#issuer.issue(user, clock, random),
      storage,
      durable: true,
      tables: (shown) => plainTables(storage, shown),
      transport: network.transportOf(node, { pageChanges: 0, idle: undefined, isUp: () => true }),
      clock,
      random,
      lifecycle: page.lifecycle,
      network: page.network,
      beat: fixedBeat,
    })
    return { node, replica }
  }

  act(action: ShowAction): void {
    const { host, watch } = this
    switch (action.do) {
      case 'say':
        this.say(action.who, action.lane, action.text)
        break
      case 'post': {
        const { who, lane, id, text, times } = action
        for (let at = 0; at < times; at++) this.#later(at * REPEAT_MS, () => this.#post(who, lane, id, text))
        break
      }
      case 'again': {
        const said = this.#said[action.of % Math.max(1, this.#said.length)]
        if (said) this.#post(action.who ?? (said.by as Speaker), said.lane, said.id, said.text)
        break
      }
      case 'note':
        this.#note(action.who, action.id)
        break
      case 'kill':
        host.kill()
        this.#later(action.downMs, () => host.start())
        break
      case 'die':
        host.dieAt(action.calls, action.isBefore, action.downMs)
        break
      case 'restart':
        host.restart()
        break
      case 'stall':
        this.scheduler.freeze(host.node, action.ticks * TICK_MS)
        break
      case 'fail':
        host.failNext(action.calls)
        break
      case 'clock':
        host.stepClock(action.byMs)
        break
      case 'reopen':
        void this.open(action.who)
        break
      case 'adjust': {
        const { lane, tickMs, cap } = action
        const acts = cap === undefined ? [] : [watch.caps.get(lane)?.begin(this.scheduler.nowMs, cap)]
        this.#admin('adjust', { space: SHOW, lane, tickMs, cap }, acts)
        break
      }
      case 'stop':
      case 'resume':
        this.#admin(action.do, { space: SHOW, lane: action.lane }, [
          watch.stopped.get(action.lane)?.begin(this.scheduler.nowMs, action.do === 'stop'),
        ])
        break
      case 'clear': {
        const clear = { lane: action.lane, calledMs: this.scheduler.nowMs, doneMs: Number.POSITIVE_INFINITY }
        watch.clears.push(clear)
        this.#admin('clear', { space: SHOW, lane: action.lane }, [clear])
        break
      }
      case 'list':
      case 'unlist': {
        const isListed = action.do === 'list'
        const more = isListed ? { action: WORDS[action.word] } : {}
        this.#admin(isListed ? 'addWords' : 'removeWords', { words: [action.word], ...more }, [
          watch.words.get(action.word)?.begin(this.scheduler.nowMs, isListed),
        ])
        break
      }
      case 'mute':
      case 'block':
        this.#admin(action.do, { user: action.who, forMs: action.forMs }, [
          watch.people.get(action.who)?.begin(this.scheduler.nowMs, action.do, action.forMs),
        ])
        break
      case 'forgive':
        this.#admin('forgive', { user: action.who }, [watch.people.get(action.who)?.begin(this.scheduler.nowMs, undefined)])
        break
      case 'release':
      case 'discard':
        void this.#decide(action.do, action.at)
        break
      case 'announce': {
        const { lane, id, text } = action
        const saying = { lane, by: 'host', id, text, isAnnouncement: true }
        watch.said(saying)
        watch.released.set(keyOf(saying), 'called')
        this.#admin('announce', { id, space: SHOW, lane, text }, [], () => watch.released.set(keyOf(saying), 'released'))
        break
      }
    }
  }

  say(who: Speaker, lane: LaneName, text: string): void {
    const page = this.pages.get(who)
    if (page === undefined) return
    const said: Said<{ readonly text: string }> = page.show.lane(lane).say({ text })
    const { id } = said.item
    this.#said.push({ lane, by: who, id, text })
    page.heard.get(lane)?.said(id)
    const ended = this.watch.said({ lane, by: who, id, text })
    const isOpen = () => this.pages.get(who) === page
    said.accepted.then(
      () => isOpen() && ended('taken'),
      (error: SyncError) => isOpen() && ended(error.code),
    )
  }

  /** Everything runs, nobody is restricted, and nothing fails any more. */
  heal(): void {
    this.network.faults = FAIR
    this.host.heal()
    for (const lane of LANES) this.act({ do: 'resume', lane })
    for (const who of SPEAKERS) this.act({ do: 'forgive', who })
    this.network.endDead()
  }

  /** Pages that are not connected. */
  unconnected(): string[] {
    return [...this.pages].flatMap(([who, { replica }]) => {
      const { phase } = presentOf(replica.status$ as never) as { readonly phase?: string }
      return phase === 'live' ? [] : [`${who} is ${phase}`]
    })
  }

  /** What waits for a person. */
  async held(): Promise<ReadonlySet<string>> {
    const held = (await this.#desk?.held.toArray()) ?? []
    return new Set(held.map(({ lane, by, item }) => keyOf({ lane, by, id: item })))
  }

  async closePages(): Promise<void> {
    for (const { replica } of this.pages.values()) await replica.close()
  }

  end(): void {
    for (const { node } of this.pages.values()) node.alive = false
    this.host.kill()
  }

  #note(who: Speaker, id: string): void {
    const page = this.pages.get(who)
    if (page === undefined) return
    this.notes.add(id)
    page.show.mutate.note({ id }).then(
      ({ confirmed }) => {
        this.saved.add(id)
        confirmed.catch(() => this.watch.fail('apart', `${id} was refused`))
      },
      () => {},
    )
  }

  #post(who: Speaker, lane: LaneName, id: string, text: string): void {
    const node = newNode(`post ${++this.#posts}`)
    const clock = this.scheduler.clockOf(node)
    const ended = this.watch.said({ lane, by: who, id, text })
    const body = JSON.stringify({ id, body: { text } })
    this.#issuer
      .issue(who, clock, streamOf(this.#plan.seed, node.name))
      .then((token) =>
        this.#calm
          .transportOf(node, { pageChanges: 0, idle: undefined, isUp: () => true })
          .request({ path: `/v1/spaces/${SHOW}/lanes/${lane}`, token, body, timeoutMs: POST_WITHIN_MS }),
      )
      .then(
        ({ status, text }: HttpAnswer) => ended(status === 200 ? 'taken' : (JSON.parse(text) as { error: { code: string } }).error?.code),
        () => ended(undefined),
      )
  }

  #admin(name: string, args: object, acts: readonly ({ doneMs: number } | undefined)[], done = () => {}): void {
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined))
    this.#desk?.mutate[name]?.(given)
      .then(({ confirmed }) => confirmed)
      .then(
        () => {
          for (const act of acts) if (act) act.doneMs = this.scheduler.nowMs
          done()
        },
        (error: SyncError) => {
          if (error.code !== 'rejected') this.watch.fail('acts', `${name} was refused: ${error}`)
        },
      )
  }

  async #decide(what: 'release' | 'discard', at: number): Promise<void> {
    const held = (await this.#desk?.held.toArray()) ?? []
    const one = held[at % Math.max(1, held.length)]
    if (one === undefined) return
    const key = keyOf({ lane: one.lane, by: one.by, id: one.item })
    const { released } = this.watch
    if (what === 'release' && released.get(key) !== 'released') released.set(key, 'called')
    this.#admin(what, { id: one.$id }, [], () => {
      if (released.get(key) !== 'released') released.set(key, what === 'release' ? 'released' : (released.get(key) ?? 'discarded'))
    })
  }

  #later(afterMs: number, run: () => void): void {
    this.scheduler.at(this.#self, afterMs, 'later', run)
  }
}
