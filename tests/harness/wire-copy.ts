/** A copy of a space, kept by nothing but the protocol's one rule (R1 to R4) and its changes (§3). */
export interface WireChange {
  readonly v: number
  readonly c: string
  readonly id: string
  readonly put?: Readonly<Record<string, unknown>>
  readonly set?: Readonly<Record<string, unknown>>
  readonly unset?: readonly string[]
  readonly del?: true
  readonly b?: number
  readonly o?: string
}

export interface WireRange {
  readonly space: string
  readonly from: number
  readonly on: string
  readonly to: number
  readonly seal: string
  readonly head: number
  readonly changes: readonly WireChange[]
  readonly reset?: 'history' | 'rights' | 'horizon'
  readonly compacted?: true
  readonly acked?: readonly [number, string]
  readonly [other: string]: unknown
}

export interface WireDocument {
  readonly doc: Readonly<Record<string, unknown>>
  readonly v: number
  readonly b: number
}

export class WireCopy {
  version = 0
  seal = ''
  readonly docs = new Map<string, WireDocument>()

  /** What the copy did with the range: R1, R2, R3, or R4, where it has to state its number again. */
  take(range: WireRange): 'R1' | 'R2' | 'R3' | 'R4' {
    const onMine = sameSeal(range.on, this.seal) || this.version === 0
    if (range.reset !== undefined && onMine) {
      this.docs.clear()
      this.#apply(range)
      return 'R1'
    }
    if (range.reset === undefined && range.from === this.version && onMine) {
      this.#apply(range)
      return 'R2'
    }
    return range.to < this.version || (range.to === this.version && range.seal === this.seal) ? 'R3' : 'R4'
  }

  #apply({ changes, to, seal }: WireRange): void {
    for (const { v, c, id, put, set, unset, del, b } of changes) {
      const key = `${c}/${id}`
      const held = this.docs.get(key)
      if (del) this.docs.delete(key)
      else if (put) this.docs.set(key, { doc: put, v, b: b ?? v })
      else if (held === undefined) throw new Error(`a set for ${key}, which this copy does not hold`)
      else {
        const doc = { ...held.doc, ...set }
        for (const field of unset ?? []) delete doc[field]
        this.docs.set(key, { doc, v, b: held.b })
      }
    }
    this.version = to
    this.seal = seal
  }

  /** [B1] What this copy adds to the sum of a beat. */
  get term(): number {
    return this.version + 1 + Number.parseInt((this.seal || '00000000').slice(0, 8), 16)
  }
}

const sameSeal = (a: string, b: string): boolean => (a || '00000000') === (b || '00000000')
