import { type App, BadRequestError } from '@tidemark/shared'
import { type Context, createContext, createElement, type ReactNode, useContext } from 'react'
import type { Replica } from '../replica-api.ts'

const ReplicaContext: Context<Replica<App> | undefined> = createContext<Replica<App> | undefined>(undefined)

export interface ReplicaProviderProps<A extends App> {
  /** Undefined while it is being opened, and where a server renders. */
  readonly replica: Replica<A> | undefined
  /** What stands here until there is a replica. */
  readonly fallback?: ReactNode
  readonly children?: ReactNode
}

/** Gives the hooks below it their replica. Opening and closing it is the app's. */
export function ReplicaProvider<A extends App>({ replica, fallback, children }: ReplicaProviderProps<A>): ReactNode {
  if (!replica) return fallback
  return createElement(ReplicaContext.Provider, { value: replica as unknown as Replica<App> }, children)
}

/** The replica of the provider around it. Throws BadRequestError where there is none. */
export function useReplica<A extends App>(): Replica<A> {
  const replica = useContext(ReplicaContext)
  if (!replica) throw new BadRequestError('No replica here: put <ReplicaProvider replica={…}> around what uses these hooks.')
  return replica as unknown as Replica<A>
}
