import { cpus } from 'node:os'
import type { Figure } from './figure.ts'

/** A ratio above it is a defect to look into. */
export const RATIO_MAX = 3

export interface Report {
  readonly command: string
  readonly node: string
  readonly platform: string
  readonly cores: number
  readonly figures: readonly Figure[]
}

export function reportOf(command: string, figures: readonly Figure[]): Report {
  return {
    command,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: cpus().length,
    figures: figures.map((figure) => ({
      ...figure,
      measured: figure.measured.map(({ name, median, ratio }) => ({ name, median: rounded(median), ratio: rounded(ratio) })),
    })),
  }
}

/** A line for each figure: ours, then each floor with its ratio. */
export function lineOf({ bench, case: name, unit, noisy, measured }: Figure): string {
  const [ours, ...floors] = measured
  const parts = floors.map(
    ({ name, median, ratio }) => `${name} ${shown(median)} (x ${shown(ratio)}${!noisy && ratio > RATIO_MAX ? ' !' : ''})`,
  )
  return [`${bench}: ${name}`, `${unit}${noisy ? ' (noisy)' : ''}: ${shown(ours?.median)}`, ...parts].join('  |  ')
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

function shown(value: number | undefined): string {
  return value === undefined ? '-' : String(Number(value.toPrecision(3)))
}
