import type { App } from '@tidemark/shared'
import { connect } from '../connected.ts'
import { fixedBeat } from '../connection/beat-policy.ts'
import { NO_HINTS } from '../connection/hints.ts'
import type { ReplicaWorld } from '../create-replica.ts'
import { memoryStorage } from '../replica/memory-storage.ts'
import { chatApp } from './chat-app.ts'
import { seededRandom } from './seeded-random.ts'

/** The world of a replica of alice's: a chat in memory that nobody answers, unless something else is given. */
export function alicesWorld<A extends App = typeof chatApp>(
  given: Partial<ReplicaWorld<A>> & Pick<ReplicaWorld<A>, 'clock'>,
): ReplicaWorld<A> {
  return {
    connect,
    app: chatApp as unknown as A,
    user: 'alice',
    token: () => 'good',
    storage: memoryStorage(),
    durable: true,
    tables: () => ({ scope: () => ({}) as never, table: () => undefined, close() {} }),
    transport: { connect: () => ({ send() {}, close() {} }), request: () => Promise.reject(new Error('no network')) },
    random: seededRandom(1),
    lifecycle: NO_HINTS,
    network: NO_HINTS,
    beat: fixedBeat,
    ...given,
  }
}
