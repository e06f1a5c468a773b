// A setup file of every project: fast-check draws the same samples in each run, so that no run fails where the one before it passed.
// Decision 035 says how others are drawn.
import fc from 'fast-check'
import { inject } from 'vitest'

fc.configureGlobal({ seed: inject('seedFrom') })
