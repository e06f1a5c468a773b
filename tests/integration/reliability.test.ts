// docs/reliability.md names what is there: every class of faults, and every promise.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CLASSES_TO_COME, FAULT_CLASS_NAMES } from '../simulation/fault-classes.ts'
import { LANE_FAULT_NAMES } from '../simulation/lanes/show-plan.ts'

const page = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8')
const section = (title: string) => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

describe('the page about reliability', () => {
  it('names each class of faults that is simulated, and each that is to come', () => {
    const named = section('Faults that are simulated').match(/(?<=`)[a-z0-9-]+(?=`)/g) ?? []
    expect(named.sort()).toEqual([...FAULT_CLASS_NAMES, ...Object.keys(CLASSES_TO_COME)].sort())
  })

  it('names each class of faults of lanes', () => {
    const named = section('Faults of lanes that are simulated').match(/(?<=`)[a-z0-9-]+(?=`)/g) ?? []
    expect(named.sort()).toEqual([...LANE_FAULT_NAMES].sort())
  })

  it('has each promise', () => {
    const promises = [...section('The promises').matchAll(/^\| \*\*(P\d+)\*\* /gm)].map(([, name]) => name)
    expect(promises).toEqual(Array.from({ length: 14 }, (_, at) => `P${at + 1}`))
  })
})
