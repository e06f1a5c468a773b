import { CAP_S, type Row } from './rows.ts'

/** What the beat is held to, where connections are dropped without a word; one line for each target that is missed. */
export function missedTargets(rows: readonly Row[]): readonly string[] {
  const missed: string[] = []
  const dropped = rows.filter(({ cut }) => cut === 'drop')
  for (const ours of dropped.filter(({ strategy }) => strategy === 'adaptive')) {
    const { limitS } = ours
    const allowedS = Math.min(limitS ?? CAP_S, CAP_S)
    const mars = dropped.find((row) => row.strategy === 'mars' && row.limitS === limitS)
    const expect = (holds: boolean, what: string) => holds || missed.push(`limit ${limitS ?? 'none'}: ${what}`)
    expect(ours.reachable >= 0.999, `reachable ${ours.reachable}, below 0.999`)
    expect((ours.settledS ?? 0) >= 0.9 * allowedS, `settled at ${ours.settledS} s, below 90 % of ${allowedS}`)
    expect(limitS === null || (ours.settledS ?? 0) <= limitS, `settled at ${ours.settledS} s, above the limit`)
    expect(ours.hoursToSettle !== null && ours.hoursToSettle <= 1, `settled after ${ours.hoursToSettle} h, later than 1`)
    expect(ours.losses <= 1, `${ours.losses} losses, more than one`)
    if (limitS !== null && limitS < 240) continue
    const beats = ours.beatsPerDay + ours.probesPerDay
    expect(mars !== undefined && beats <= mars.beatsPerDay, `${beats} beats and probes a day, more than Mars' ${mars?.beatsPerDay}`)
  }
  return missed
}
