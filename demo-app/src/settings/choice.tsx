import { useId } from 'react'
import './choice.css'

interface Props<T extends string> {
  readonly label: string
  readonly value: T
  /** Each with what it is called; `lang` where that is in another language than the page. */
  readonly options: readonly { readonly value: T; readonly label: string; readonly lang?: string }[]
  readonly onChoose: (value: T) => void
}

/** One of a few, beside each other: radio buttons, so the arrow keys choose. */
export function Choice<T extends string>({ label, value, options, onChoose }: Props<T>) {
  const name = useId()
  return (
    <fieldset className="choice">
      <legend className="choice-label">{label}</legend>
      <div className="choice-options">
        {options.map((option) => (
          <label key={option.value} className="choice-option" lang={option.lang}>
            <input
              type="radio"
              name={name}
              className="choice-input"
              checked={option.value === value}
              onChange={() => onChoose(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
