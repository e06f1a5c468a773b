import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { MESSAGE_CHARACTERS_MAX } from '../../app.ts'
import { characters } from '../../characters.ts'
import { useWords } from '../words/words.ts'
import './composer.css'
import { draftOf } from './draft.ts'

/** The count shows once so few characters are left. */
const COUNT_SHOWN_BELOW = 200

interface Props {
  /** Whose draft it is, and where: kept on the device until it is sent. */
  readonly draftKey: string
  readonly label: string
  readonly focusOnOpen: boolean
  /** Resolves once the text is saved on this device. */
  readonly onSend: (text: string) => Promise<void>
}

function isSendable(text: string): boolean {
  return text.trim() !== '' && characters(text) <= MESSAGE_CHARACTERS_MAX
}

/** Enter sends, Shift and Enter makes a line; what is typed is kept until it is sent. */
export function Composer({ draftKey, label, focusOnOpen, onSend }: Props) {
  const draft = useMemo(() => draftOf(draftKey), [draftKey])
  const text = useSyncExternalStore(draft.subscribe, () => draft.text)
  const words = useWords()
  const [problem, setProblem] = useState<unknown>()
  const field = useRef<HTMLTextAreaElement>(null)
  const id = useId()
  const left = MESSAGE_CHARACTERS_MAX - characters(text)
  const sendable = isSendable(text)

  useEffect(() => {
    if (focusOnOpen) field.current?.focus()
  }, [focusOnOpen])

  // Grows with its text up to the height that the style allows.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useEffect(() => {
    const element = field.current
    if (element === null) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight + 2}px`
  }, [text])

  async function send() {
    if (!isSendable(draft.text)) return
    setProblem(undefined)
    try {
      await draft.send(onSend)
    } catch (error) {
      setProblem(error)
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    // While an input method composes, Enter picks a word. Safari ends the composition first and says 229.
    const composing = event.nativeEvent.isComposing || event.keyCode === 229
    if (event.key !== 'Enter' || event.shiftKey || composing) return
    event.preventDefault()
    void send()
  }

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
        field.current?.focus()
      }}
    >
      <label htmlFor={id} className="visually-hidden">
        {label}
      </label>
      <textarea
        id={id}
        ref={field}
        className="field composer-text"
        rows={1}
        dir="auto"
        placeholder={label}
        enterKeyHint="send"
        value={text}
        onChange={(event) => draft.write(event.target.value)}
        onKeyDown={onKeyDown}
        aria-invalid={left < 0}
      />
      <button type="submit" className="button primary composer-send" disabled={!sendable}>
        {words.composer.send}
      </button>
      {(problem !== undefined || left < COUNT_SHOWN_BELOW) && (
        <p className={problem !== undefined || left < 0 ? 'problem' : 'hint'} role="status">
          {problem !== undefined
            ? words.composer.notSaved(words.problem(problem))
            : left < 0
              ? words.composer.tooMany(-left)
              : words.composer.left(left)}
        </p>
      )}
    </form>
  )
}
