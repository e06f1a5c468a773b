import type { LaneDefinition, LaneItem, Random } from '@tidemark/shared'
import { ANNOUNCEMENTS_MAX, TICK_BYTES_MAX } from './bounds.ts'
import { type Ranked, WeakestFirst } from './weakest-first.ts'

/** An item and its JSON text. */
export interface WrittenItem extends LaneItem {
  readonly text: string
}

export interface BucketOptions {
  readonly cap: number
  readonly sampling: LaneDefinition['sampling']
  /** The field by which equal ones are folded. */
  readonly text: string | undefined
  readonly random: Random
  /** The weight function threw, or gave what is no weight: it counted as 1. */
  badWeight(error: unknown): void
}

interface Held extends Ranked {
  readonly item: WrittenItem
  /** In the order of acceptance. */
  readonly place: number
  readonly folded: string | undefined
  readonly bytes: number
  count: number
}

/**
 * What is said within one tick. However much that is, it holds no more than the tick will have: `cap` items, or as many announcements where
 * those are more. Equal texts are one item with a count. What is sampled away is counted in `cut`, so that the counts of the items and
 * `cut` add up to all that was added. Sampling by lot is A-Res: each item draws u^(1/weight), and the highest stay
 * (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006).
 */
export class Bucket {
  readonly #options: BucketOptions
  readonly #sampled = new WeakestFirst<Held>()
  readonly #announcements: Held[] = []
  readonly #byText = new Map<string, Held>()
  #places = 0
  #bytes = 0
  #cut = 0

  constructor(options: BucketOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#sampled.size + this.#announcements.length
  }

  get cut(): number {
    return this.#cut
  }

  /** Whether one more announcement may be added. */
  get takesAnnouncements(): boolean {
    return this.#announcements.length < ANNOUNCEMENTS_MAX
  }

  add(item: WrittenItem): void {
    this.#places += 1
    const folded = item.announcement ? undefined : foldedText(item.body, this.#options.text)
    const same = folded === undefined ? undefined : this.#byText.get(folded)
    if (same !== undefined) {
      same.count += 1
      if (this.#options.sampling === 'newest') {
        same.strength = this.#places
        this.#sampled.strengthened(same)
      }
      return
    }
    const held: Held = { item, place: this.#places, folded, bytes: Buffer.byteLength(item.text), count: 1, strength: 0, at: 0 }
    this.#bytes += held.bytes
    if (item.announcement) this.#announcements.push(held)
    else {
      held.strength = this.#strength(item)
      this.#sampled.add(held)
      if (folded !== undefined) this.#byText.set(folded, held)
    }
    const room = Math.max(0, this.#options.cap - this.#announcements.length)
    while (this.#sampled.size > room || (this.#bytes > TICK_BYTES_MAX && this.#sampled.size > 0)) this.#cutWeakest()
  }

  /** Forgets what was said before `ms`, and what of it was cut: it is to go from screens. */
  forgetBefore(ms: number): void {
    const held = this.items()
    this.#cut = 0
    this.#bytes = 0
    this.#byText.clear()
    this.#announcements.length = 0
    while (this.#sampled.takeWeakest() !== undefined);
    for (const one of held) {
      if (one.item.atMs < ms) continue
      this.#bytes += one.bytes
      if (one.item.announcement) this.#announcements.push(one)
      else this.#sampled.add(one)
      if (one.folded !== undefined) this.#byText.set(one.folded, one)
    }
  }

  /** What stays, in the order of acceptance. */
  items(): readonly (Pick<Held, 'item' | 'count'> & Held)[] {
    return [...this.#sampled.all, ...this.#announcements].sort((a, b) => a.place - b.place)
  }

  #cutWeakest(): void {
    const weakest = this.#sampled.takeWeakest()
    if (weakest === undefined) return
    this.#cut += weakest.count
    this.#bytes -= weakest.bytes
    if (weakest.folded !== undefined) this.#byText.delete(weakest.folded)
  }

  #strength(item: WrittenItem): number {
    const { sampling, random } = this.#options
    if (sampling === 'newest') return this.#places
    const weight = sampling === 'random' ? 1 : this.#weight(sampling, item)
    // The logarithm of the key: the order is the same, and no weight is so small that keys come out as equal.
    return weight === 0 ? Number.NEGATIVE_INFINITY : Math.log(1 - random.unit()) / weight
  }

  #weight(weigh: (said: never) => number, { body, by }: WrittenItem): number {
    try {
      const weight: unknown = weigh({ body, by } as never)
      if (typeof weight === 'number' && weight >= 0 && weight < Number.POSITIVE_INFINITY) return weight
      throw new TypeError(`it answered ${String(weight)}; numbers of 0 and more are weights`)
    } catch (error) {
      this.#options.badWeight(error)
      return 1
    }
  }
}

/** What two texts have in common that differ in case and blanks alone. */
function foldedText(body: unknown, field: string | undefined): string | undefined {
  if (field === undefined || typeof body !== 'object' || body === null) return undefined
  const text: unknown = (body as Readonly<Record<string, unknown>>)[field]
  return typeof text === 'string' ? text.toLowerCase().replace(/\s+/gu, ' ').trim() : undefined
}
