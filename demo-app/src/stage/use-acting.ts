import { useCallback, useState } from 'react'

/** Does what writes; and why the last one failed, undefined where it did not. */
export function useActing(): [(work: () => Promise<unknown>) => void, unknown] {
  const [problem, setProblem] = useState<unknown>()
  const act = useCallback((work: () => Promise<unknown>) => {
    setProblem(undefined)
    work().catch(setProblem)
  }, [])
  return [act, problem]
}
