import * as v from 'valibot'

/** A flag, where it stands; else it is missing. With `any`, smaller than what valibot has for them: a page loads it before it reads. */
export const yes = v.custom<true>((is) => is === true)
/** What is for the app's schemas to look at. */
export const any = v.custom<unknown>(() => true)
