import { useEffect, useId, useRef, useState } from 'react'
import { count } from '../words/units.ts'

interface Props {
  readonly label: string
  /** What may be chosen, rising. */
  readonly values: readonly number[]
  readonly value: number
  readonly unit: string
  readonly disabled: boolean
  readonly choose: (value: number) => void
}

/** A choice by keys counts once no further step has come for so long, in ms. */
const SETTLED_AFTER_MS = 700

/** A slider over a few values. What is chosen counts once it is let go: each choice is an act, with a line of its own in the audit. */
export function NumberSlider({ label, values, value, unit, disabled, choose }: Props) {
  const field = useId()
  const at = nearest(values, value)
  const [moved, setMoved] = useState<number>()
  const isHeld = useRef(false)
  const shown = moved === undefined ? value : (values[moved] ?? value)

  function settle() {
    const next = moved === undefined ? undefined : values[moved]
    if (next !== undefined && next !== value) choose(next)
    setMoved(undefined)
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: from the last step of a key on
  useEffect(() => {
    if (moved === undefined || isHeld.current) return
    const timer = setTimeout(settle, SETTLED_AFTER_MS)
    return () => clearTimeout(timer)
  }, [moved])

  return (
    <div className="slider">
      <label htmlFor={field}>{label}</label>
      <output htmlFor={field} className="digits">
        {count(shown)} {unit}
      </output>
      <input
        id={field}
        type="range"
        min={0}
        max={values.length - 1}
        value={moved ?? at}
        disabled={disabled}
        aria-valuetext={`${count(shown)} ${unit}`.trim()}
        onChange={(event) => setMoved(Number(event.target.value))}
        onPointerDown={() => {
          isHeld.current = true
        }}
        onPointerUp={() => {
          isHeld.current = false
          settle()
        }}
        onBlur={settle}
      />
    </div>
  )
}

function nearest(values: readonly number[], value: number): number {
  let best = 0
  for (const [index, other] of values.entries()) if (Math.abs(other - value) < Math.abs((values[best] ?? other) - value)) best = index
  return best
}
