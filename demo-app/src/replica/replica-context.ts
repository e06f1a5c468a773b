import { createContext, useContext } from 'react'
import type { DemoReplica } from './demo.ts'

export const ReplicaContext: React.Context<DemoReplica | undefined> = createContext<DemoReplica | undefined>(undefined)

/** The open replica. Throws outside of its provider. */
export function useReplica(): DemoReplica {
  const replica = useContext(ReplicaContext)
  if (replica === undefined) throw new Error('useReplica is called outside of ReplicaContext')
  return replica
}
