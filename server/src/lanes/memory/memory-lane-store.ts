import { UnavailableError } from '@tidemark/shared'
import { FORGET_STEP_MAX, ITEM_IDS_MAX } from '../bounds.ts'
import type { LanePlace } from '../lane-engine.ts'
import { laneKey } from '../lane-key.ts'
import type { KeptTicks, LaneStore, LeftSay } from '../lane-store.ts'

interface Kept {
  readonly place: LanePlace
  newest: number
  clearedAtMs: number
  clearedTick: number
  said: LeftSay[]
  /** In their order. */
  ticks: { readonly tick: number; readonly text: string }[]
}

/** A store of lanes without a disk: what it keeps lives as long as it. It uses promises only: no clock, no chance. */
export function memoryLaneStore(): LaneStore {
  const lanes = new Map<string, Kept>()
  /** By lane, user and id, when it was taken, in this order. */
  const taken = new Map<string, number>()
  let places = 0
  let isClosed = false

  function use(): void {
    if (isClosed) throw new UnavailableError('The store of lanes is closed.')
  }

  function of(place: LanePlace): Kept {
    const key = laneKey(place)
    let kept = lanes.get(key)
    if (kept === undefined) {
      kept = { place, newest: 0, clearedAtMs: 0, clearedTick: 0, said: [], ticks: [] }
      lanes.set(key, kept)
    }
    return kept
  }

  function forgetIds(idsFromMs: number, count: number): void {
    let left = count
    for (const [key, atMs] of taken) {
      if (taken.size <= ITEM_IDS_MAX && (left === 0 || atMs >= idsFromMs)) return
      taken.delete(key)
      left -= 1
    }
  }

  function forget(kept: Kept, { ring, archiveFrom }: KeptTicks): boolean {
    const ringFrom = ring === 0 ? Number.POSITIVE_INFINITY : (kept.ticks.at(-ring)?.tick ?? 0)
    const stays = kept.ticks.findIndex(({ tick }) => tick >= ringFrom || tick >= archiveFrom)
    const old = stays === -1 ? kept.ticks.length : stays
    kept.ticks.splice(0, Math.min(old, FORGET_STEP_MAX))
    return old <= FORGET_STEP_MAX
  }

  return {
    async ready() {
      use()
    },
    async append(says, idsFromMs) {
      use()
      const isNew = says.map(({ place, tick, by, id, atMs, text }) => {
        const key = `${laneKey(place)} ${by} ${id}`
        if (taken.has(key)) return false
        taken.set(key, atMs)
        of(place).said.push({ place, at: ++places, tick, text })
        return true
      })
      forgetIds(idsFromMs, 2 * says.length)
      return isNew
    },
    async merge(ticks) {
      use()
      for (const { place, tick, text, clearedAtMs, kept: keep } of ticks) {
        const kept = of(place)
        kept.said = kept.said.filter((say) => say.tick !== tick)
        kept.newest = Math.max(kept.newest, tick)
        if (clearedAtMs !== undefined) {
          kept.clearedAtMs = clearedAtMs
          kept.clearedTick = tick
        }
        if (text === undefined) continue
        const after = kept.ticks.findLastIndex((other) => other.tick < tick) + 1
        kept.ticks.splice(after, kept.ticks[after]?.tick === tick ? 1 : 0, { tick, text })
        forget(kept, keep)
      }
    },
    async lane(place, ring) {
      use()
      const kept = lanes.get(laneKey(place))
      if (kept === undefined) return { newest: 0, clearedAtMs: 0, ticks: [] }
      const { newest, clearedAtMs, clearedTick, ticks } = kept
      return { newest, clearedAtMs, ticks: ring === 0 ? [] : ticks.slice(-ring).filter(({ tick }) => tick >= clearedTick) }
    },
    async page(place, from, to, charactersMax) {
      use()
      const texts: string[] = []
      let characters = 0
      for (const { tick, text } of lanes.get(laneKey(place))?.ticks ?? []) {
        if (tick < from || tick >= to) continue
        characters += text.length
        if (texts.length > 0 && characters > charactersMax) break
        texts.push(text)
      }
      return texts
    },
    async left(after, count) {
      use()
      const all = [...lanes.values()].flatMap(({ said }) => said)
      return all
        .filter(({ at }) => at > after)
        .sort((a, b) => a.at - b.at)
        .slice(0, count)
    },
    async lanes(after, count) {
      use()
      const all = [...lanes.values()].map(({ place }) => place)
      const from = after === undefined ? 0 : all.findIndex((place) => laneKey(place) === laneKey(after)) + 1
      return all.slice(from, from + count)
    },
    async forget(place, kept) {
      use()
      const found = lanes.get(laneKey(place))
      return found === undefined || forget(found, kept)
    },
    async close() {
      isClosed = true
    },
  }
}
