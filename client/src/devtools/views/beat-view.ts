import { LONGEST_MS, SHORTEST_MS } from '../../connection/beat.ts'
import type { BeatFacts, LearnedFacts } from '../beat-facts.ts'
import { type MakeElement, setAttribute, setText } from '../elements.ts'
import { saySpan } from '../say-amounts.ts'
import { type Fact, factList } from './facts.ts'
import type { View } from './view.ts'

/** How often this device speaks, and what it found out about its network. */
export function beatView(make: MakeElement): View {
  const facts = factList(make)
  const scale = beatScale(make)
  const notice = make('p', { class: 'notice' })
  return {
    element: make('div', { class: 'beat' }, [notice, scale.element, facts.element]),
    show({ beat, connected, status }) {
      const here = connected === 'here' ? beat : undefined
      notice.hidden = here !== undefined
      setText(notice, beat ? 'Another tab is connected for this one: what it learned is told there.' : 'What connects is being loaded.')
      scale.show(here)
      facts.show(here ? factsOf(here) : [['From one beat to the next', saySpan(1000 * status.beatS)]])
    },
  }
}

function factsOf({ intervalMs, promisedS, nextInMs, inFront, networkKind, learned }: BeatFacts): readonly Fact[] {
  return [
    ['From one beat to the next', `${saySpan(intervalMs)}, ${inFront ? 'while the page is in front' : 'in the background'}`],
    ['Next beat', nextInMs === undefined ? 'once connected' : nextInMs <= 0 ? 'due' : `in ${saySpan(nextInMs)}`],
    ['Promised to the server', `a frame within ${saySpan(1000 * promisedS)}`],
    ['Network', networkKind === 'unknown' ? 'of a kind that the browser does not tell' : networkKind],
    ['Learned', learned ? undefined : 'nothing: the beat is fixed, or no connection was there yet'],
    ['Address', learned && (learned.endpoint ?? 'none yet, or one of requests, whose silence tells nothing')],
    ['Silence that lived', learned && `${saySpan(learned.livedMs)}${learned.doubted ? ', and is in doubt' : ''}`],
    ['Silence that died', learned && (learned.diedMs === undefined ? 'none' : saySpan(learned.diedMs))],
    ['Probe', learned?.probe],
    ['Known of such networks', learned?.marks.map(markWords).join('; ') || undefined],
    ['Timers', learned?.late ? 'ring late here, by up to a minute' : undefined],
  ]
}

function markWords({ livedMs, diedMs }: LearnedFacts['marks'][number]): string {
  return diedMs === undefined ? `${saySpan(livedMs)} lived` : `${saySpan(livedMs)} lived, ${saySpan(diedMs)} died`
}

/** From the shortest silence that is ever kept to the longest that is tried: what lived, and what died. The facts beside it say the same. */
function beatScale(make: MakeElement) {
  const lived = make('span', { class: 'lived' })
  const died = make('span', { class: 'died' })
  const now = make('span', { class: 'now' })
  const ends = [SHORTEST_MS, 60_000, 300_000, LONGEST_MS].map((ms) => {
    const tick = make('span', { class: 'tick' }, [saySpan(ms)])
    tick.style.left = at(ms)
    return tick
  })
  const element = make('div', { class: 'scale', 'aria-hidden': 'true' }, [make('span', { class: 'track' }), lived, died, now, ...ends])
  return {
    element,
    show(beat: BeatFacts | undefined) {
      element.hidden = !beat?.learned
      if (!beat?.learned) return
      const { livedMs, diedMs } = beat.learned
      lived.style.width = at(livedMs)
      died.hidden = diedMs === undefined
      died.style.left = at(diedMs ?? LONGEST_MS)
      now.style.left = at(beat.intervalMs)
      setAttribute(element, 'data-doubted', beat.learned.doubted)
    },
  }
}

function at(ms: number): string {
  const part = Math.log(ms / SHORTEST_MS) / Math.log(LONGEST_MS / SHORTEST_MS)
  return `${(100 * Math.min(1, Math.max(0, part))).toFixed(1)}%`
}
