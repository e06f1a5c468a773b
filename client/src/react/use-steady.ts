import { BadRequestError } from '@tidemark/shared'
import { useEffect, useRef, useSyncExternalStore } from 'react'

/** After so many renders in a row of which each asked another question, it is a mistake: each answer makes for the next question. */
const OTHER_QUESTIONS_MAX = 100

/** Throws BadRequestError to the error boundary where each render asks another question. */
export function useSteady(key: string | undefined): void {
  const keyNow = () => key
  // Two questions may both be loading: React would throw the render away as one that changed nothing, with its effects, and nobody would ask the second.
  useSyncExternalStore(neverTold, keyNow, keyNow)
  const last = useRef({ key, others: 0 })
  useEffect(() => {
    const others = key === last.current.key ? 0 : last.current.others + 1
    last.current = { key, others }
    if (others > OTHER_QUESTIONS_MAX) throw otherQuestionsError()
  })
}

export function otherQuestionsError(): BadRequestError {
  return new BadRequestError(
    'Each render asks another question: a function given to filter() has to be the same each time. Keep it outside of the component, or in useCallback (where it suspends, outside of its <Suspense>).',
  )
}

const neverTold = () => () => {}
