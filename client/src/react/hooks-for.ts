import type { App, KindOfId, SpaceIdOf } from '@tidemark/shared'
import type { ReactNode } from 'react'
import type { Replica, Space } from '../replica-api.ts'
import { ReplicaProvider, type ReplicaProviderProps, useReplica } from './replica-context.ts'
import { useSpace } from './use-space.ts'

/** The hooks that know an app's spaces. */
export interface HooksFor<A extends App> {
  readonly ReplicaProvider: (props: ReplicaProviderProps<A>) => ReactNode
  readonly useReplica: () => Replica<A>
  readonly useSpace: <Id extends SpaceIdOf<A> & string>(id: Id) => Space<A, KindOfId<A, Id>>
}

/** The provider, and the hooks that know an app's spaces: `hooksFor<typeof app>()`, once in an app. All others take their types from these. */
export function hooksFor<A extends App>(): HooksFor<A> {
  return { ReplicaProvider, useReplica, useSpace }
}
