import type { Clock } from '@tidemark/shared'
import { createStore, get, set } from 'idb-keyval'
import { learnedPace } from '../connection/learned-pace.ts'
import type { LearnedPacePorts } from '../connection/link.ts'
import type { Pace } from '../connection/pace.ts'
import { storedBeats } from './stored-beats.ts'

/** Remembers in a database of its own, which no replica's end clears: what is learned of networks is the device's. */
export function browserPace(clock: Clock): (ports: LearnedPacePorts) => Pace {
  const store = createStore('tidemark-device', 'kept')
  const memory = storedBeats({ load: () => get('beats', store), save: (value) => set('beats', value, store) }, clock)
  return (ports) => learnedPace(memory, ports)
}
