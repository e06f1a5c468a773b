import { type HooksFor, hooksFor } from '@tidemark/client/react'
import type { app } from '../../app.ts'

/** The hooks that know this app's spaces; all others come from the library as they are. */
export const { ReplicaProvider, useReplica, useSpace }: HooksFor<typeof app> = hooksFor<typeof app>()
