import {
  type Acked,
  EMPTY_SEAL,
  ForbiddenError,
  type MutationBatch,
  NotFoundError,
  type Seal,
  type SpaceId,
  type SyncError,
  UnauthenticatedError,
  UnavailableError,
  type Version,
} from '@tidemark/shared'
import type { Ask, Backend, EncodedRange, Opened, Principal, RangeBounds, Saying, Window } from '../src/backend/backend.ts'
import type { Bus, Hint } from '../src/bus/bus.ts'
import type { PageText, RingText } from '../src/lanes/lane-engine.ts'

/** A bus in the test's hands. */
export class FakeBus implements Bus {
  readonly #listeners = new Set<(hint: Hint) => void>()

  publish(hint: Hint): void {
    for (const listener of this.#listeners) listener(hint)
  }

  subscribe(listener: (hint: Hint) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get listeners(): number {
    return this.#listeners.size
  }
}

/** A backend that holds texts: commit n of a space is one text, its seal tells the history it belongs to. Tokens are `user` or `user@tenant`. */
export class FakeBackend implements Backend {
  readonly bus: Bus
  /** `tenant space` to its commits. */
  readonly spaces = new Map<string, { text: string; seal: string }[]>()
  readonly denied = new Map<string, SyncError>()
  /** What was asked, in order. */
  readonly asked: { what: string; space?: SpaceId; ask?: Ask; user?: string }[] = []
  view: (user: string, space: SpaceId) => string = () => ''
  expiresAtMs: number | undefined
  down = false
  /** Each answer waits for this, when set. */
  gate: Promise<void> | undefined
  /** The same for what is asked of lanes. */
  laneGate: Promise<void> | undefined
  /** The ticks of each lane, by `space lane`: what its ring holds. */
  readonly lanes = new Map<string, { tick: number; texts: string[] }[]>()
  readonly said: Saying[] = []
  /** What `say` waits for, and may reject with. */
  judge: (said: Saying) => Promise<void> = async () => {}
  history = 'a'
  /** Changes in a page. */
  pageMax = Number.POSITIVE_INFINITY
  padding = ''

  constructor(bus: Bus) {
    this.bus = bus
  }

  commits(space: SpaceId, tenant = 'default'): { text: string; seal: string }[] {
    const key = `${tenant} ${space}`
    let commits = this.spaces.get(key)
    if (commits === undefined) {
      commits = []
      this.spaces.set(key, commits)
    }
    return commits
  }

  commit(space: SpaceId, text: string, { tenant = 'default', hint = true } = {}): Version {
    const commits = this.commits(space, tenant)
    commits.push({ text, seal: sealOf(this.history, commits.length + 1) })
    const version = commits.length as Version
    if (hint) this.bus.publish({ tenant, space, version })
    return version
  }

  async authenticate(token: string): Promise<Principal> {
    await this.#gated()
    if (token === 'bad') throw new UnauthenticatedError()
    const [user = '', tenant = 'default'] = token.split('@')
    return { tenant, user, expiresAtMs: this.expiresAtMs }
  }

  async open(principal: Principal, _client: string, spaces: readonly SpaceId[]): Promise<{ opened: Map<SpaceId, Opened>; acked: Acked }> {
    this.asked.push({ what: 'open', user: principal.user })
    await this.#gated()
    const opened = new Map<SpaceId, Opened>()
    for (const space of spaces) {
      const denied = this.denied.get(`${principal.user} ${space}`)
      opened.set(
        space,
        denied ? { denied } : { view: this.view(principal.user, space), head: this.commits(space, principal.tenant).length as Version },
      )
    }
    return { opened, acked: [0, ''] }
  }

  async range(principal: Principal, space: SpaceId, ask: Ask, bounds: RangeBounds): Promise<EncodedRange> {
    this.asked.push({ what: 'range', space, ask, user: principal.user })
    const read = this.#read(principal, space, ask, bounds)
    await this.#gated()
    return read()
  }

  async pull(principal: Principal, space: SpaceId, ask: Ask, bounds: RangeBounds, client: string | undefined, _window: Window) {
    const range = await this.range(principal, space, ask, bounds)
    return { range, acked: client === undefined ? undefined : ([0, ''] as Acked) }
  }

  async older(principal: Principal, space: SpaceId, collection: string, before: Version, { changesMax }: RangeBounds): Promise<string> {
    this.asked.push({ what: 'older', space, user: principal.user })
    await this.#gated()
    const docs = [{ v: before, c: collection, id: `m${changesMax}`, put: {} }]
    const { version: head, seal } = this.#head(space, principal.tenant)
    return JSON.stringify({ docs, floor: 0, head, seal })
  }

  async mutate(principal: Principal, batch: MutationBatch) {
    this.asked.push({ what: 'mutate', user: principal.user })
    await this.#gated()
    const touched = new Map<SpaceId, Version>()
    const acks = batch.mutations.map((mutation) => {
      const space = String(mutation.space)
      const version = this.commit(space, JSON.stringify(mutation.args ?? null), { tenant: principal.tenant })
      touched.set(space, version)
      return { n: mutation.n, nonce: mutation.nonce, in: { [space]: version } }
    })
    return { text: `"acks":${JSON.stringify(acks)}`, touched }
  }

  /** The lane is one of the space's; a tick of it leaves, as the engine would have it. */
  merge(space: SpaceId, lane: string, tick: number, texts: string[]): void {
    this.lanes.set(`${space} ${lane}`, [...(this.lanes.get(`${space} ${lane}`) ?? []), { tick, texts }])
    this.bus.publish({ tenant: 'default', space, lane, frame: tickFrame(space, lane, tick, texts), tick })
  }

  async say(principal: Principal, said: Saying): Promise<{ id: string }> {
    this.asked.push({ what: 'say', user: principal.user })
    await this.#gated()
    await this.judge(said)
    this.said.push(said)
    return { id: said.id ?? `made-${this.said.length}` }
  }

  async lane(principal: Principal | undefined, space: SpaceId, lane: string, since: number): Promise<RingText> {
    this.asked.push({ what: 'lane', space, ...(principal === undefined ? {} : { user: principal.user }) })
    await this.#gated()
    const ring = this.lanes.get(`${space} ${lane}`)
    if (ring === undefined) throw new NotFoundError(`lane ${lane}: none`)
    const newer = ring.filter(({ tick }) => tick > since)
    const newest = ring.at(-1)?.tick ?? 0
    if (this.laneGate !== undefined) await this.laneGate
    const state = { space, lane, tickMs: 1000, cap: 100 }
    return {
      text: JSON.stringify({ ...state, ticks: [] }),
      frames: [JSON.stringify({ t: 'lane', ...state }), ...newer.map(({ tick, texts }) => tickFrame(space, lane, tick, texts))],
      newest,
      tickMs: 1000,
    }
  }

  async lanePage(principal: Principal | undefined, space: SpaceId, lane: string, from: number): Promise<PageText | undefined> {
    this.asked.push({ what: 'lanePage', space, ...(principal === undefined ? {} : { user: principal.user }) })
    await this.#gated()
    const ring = this.lanes.get(`${space} ${lane}`)
    if (ring === undefined) return undefined
    const to = from + 60_000
    const ticks = ring.filter(({ tick }) => tick >= from && tick < to).map(({ tick }) => ({ tick, items: [], cut: 0 }))
    const whole = (ring.at(-1)?.tick ?? 0) >= to
    return { text: JSON.stringify({ space, lane, from, to, whole, ticks }), whole, leftMs: 40_000_000_000, tickMs: 1000 }
  }

  async differing(tenant: string, stated: ReadonlyMap<SpaceId, Ask>): Promise<Map<SpaceId, Version>> {
    this.asked.push({ what: 'differing' })
    await this.#gated()
    const differing = new Map<SpaceId, Version>()
    for (const [space, ask] of stated) {
      const head = this.#head(space, tenant)
      if (head.version !== ask.version || head.seal !== ask.seal) differing.set(space, head.version)
    }
    return differing
  }

  async ready(): Promise<void> {
    await this.#gated()
  }

  async #gated(): Promise<void> {
    if (this.gate !== undefined) await this.gate
    if (this.down) throw new UnavailableError('down', { afterMs: 1000 })
  }

  #head(space: SpaceId, tenant: string): { version: Version; seal: string } {
    const commits = this.commits(space, tenant)
    return { version: commits.length as Version, seal: commits.at(-1)?.seal ?? EMPTY_SEAL }
  }

  #read(principal: Principal, space: SpaceId, ask: Ask, bounds: RangeBounds): () => EncodedRange {
    if (this.denied.has(`${principal.user} ${space}`))
      return () => {
        throw new ForbiddenError('You may not read this space.')
      }
    const commits = this.commits(space, principal.tenant)
    const head = this.#head(space, principal.tenant)
    const tag = this.view(principal.user, space)
    const tagged = (seal: string) => (tag === '' || seal === EMPTY_SEAL ? seal : `${seal}-${tag}`) as Seal
    const sealAt = (version: number) => tagged(version === 0 ? EMPTY_SEAL : (commits[version - 1]?.seal ?? 'none'))
    const reset = ask.version > 0 && sealAt(ask.version) !== ask.seal
    const from = reset ? 0 : ask.version
    const page: object[] = []
    let bytes = 0
    let to: number = from
    while (to < head.version && page.length < Math.min(this.pageMax, bounds.changesMax)) {
      const change = { v: to + 1, c: 'log', id: `d${to + 1}`, put: { text: commits[to]?.text, padding: this.padding } }
      bytes += JSON.stringify(change).length
      if (bytes > bounds.bytesMax && page.length > 0) break
      page.push(change)
      to += 1
    }
    const seal = sealAt(to)
    const range = { from: from as Version, on: ask.seal, to: to as Version, seal, head: head.version }
    const text = JSON.stringify({ space, ...range, ...(reset ? { reset: 'history' } : {}), changes: page })
    return () => ({ ...range, reset, text })
  }
}

export function tickFrame(space: SpaceId, lane: string, tick: number, texts: readonly string[]): string {
  const items = texts.map((text, at) => ({ id: `i${tick}-${at}`, by: 'bob', atMs: tick, body: { text } }))
  return JSON.stringify({ t: 'tick', space, lane, tick, items, cut: 0 })
}

export function sealOf(history: string, version: number): string {
  return `${history}${version.toString(16).padStart(7, '0')}`
}
