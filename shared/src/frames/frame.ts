import type { Infer, Schema } from '../schema.ts'

/** The frames of one direction: `t` to the schema of what stands beside it. */
export type Frames = Readonly<Record<string, Schema<object>>>
export type FrameOf<F extends Frames> = { [T in keyof F]: { readonly t: T } & Infer<F[T]> }[keyof F]
