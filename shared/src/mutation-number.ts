import * as v from 'valibot'
import { isVersion } from './version.ts'

/** 1, 2, 3 ... per client id, without gaps. */
export const mutationNumber = v.custom<number>((n) => isVersion(n) && n > 0, 'no mutation number')
