/**
 * What a phone's radio spends, by a model of LTE: a promotion when it was asleep, then power while it is awake, which it stays for a tail after the last
 * packet. Packets within a tail share it. Figures of Huang et al., MobiSys 2012, as they are cited since; not measured here: only the comparison counts.
 */
const PROMOTION_J = 0.26 * 1.21
const TAIL_MS = 11_600
const AWAKE_W = 1.06

export class Radio {
  wakeUps = 0
  bytes = 0
  #awakeMs = 0
  #asleepAtMs = 0

  packet(nowMs: number, bytes: number): void {
    this.bytes += bytes
    if (nowMs >= this.#asleepAtMs) this.wakeUps++
    this.#awakeMs += Math.min(TAIL_MS, nowMs + TAIL_MS - this.#asleepAtMs)
    this.#asleepAtMs = nowMs + TAIL_MS
  }

  get joules(): number {
    return this.wakeUps * PROMOTION_J + (this.#awakeMs / 1000) * AWAKE_W
  }
}
