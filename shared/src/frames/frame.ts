import type * as v from 'valibot'

/** The frames of one direction: `t` to the schema of what stands beside it. */
export type Frames = Readonly<Record<string, v.GenericSchema<unknown, object>>>
export type FrameOf<F extends Frames> = { [T in keyof F]: { readonly t: T } & v.InferOutput<F[T]> }[keyof F]
