import type { Replica, Space } from '@tidemark/client'
import { type HooksFor, hooksFor } from '@tidemark/client/react'
import type { moderationApp } from './console-app.ts'

/** The hooks that know the space `moderation`. */
export const { ReplicaProvider, useReplica, useSpace }: HooksFor<typeof moderationApp> = hooksFor<typeof moderationApp>()
export type ConsoleReplica = Replica<typeof moderationApp>
export type ModerationSpace = Space<typeof moderationApp, 'moderation'>
