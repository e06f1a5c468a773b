import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { characters, MESSAGE_CHARACTERS_MAX } from '../../app.ts'
import { useWords } from '../words/words.ts'
import './composer.css'
import { readDraft, saveDraft } from './draft.ts'

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
  const [text, setText] = useState(() => readDraft(draftKey))
  const words = useWords()
  const [problem, setProblem] = useState<unknown>()
  const field = useRef<HTMLTextAreaElement>(null)
  const typed = useRef(text)
  /** Texts on their way to this device's disk, in the order in which they were sent. */
  const saving = useRef<{ readonly text: string }[]>([])
  const order = useRef(Promise.resolve())
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

  /** What is being saved is a part of the draft until it is saved. */
  function keep() {
    saveDraft(draftKey, [...saving.current.map(({ text }) => text), typed.current].filter((part) => part !== '').join('\n'))
  }

  function write(next: string) {
    typed.current = next
    setText(next)
    keep()
  }

  /** The field is free for the next message at once; one that could not be saved comes back in front of what was typed since. */
  async function send() {
    const sent = { text: typed.current }
    if (!isSendable(sent.text)) return
    saving.current.push(sent)
    write('')
    setProblem(undefined)
    const saved = order.current.then(() => onSend(sent.text.trim()))
    order.current = saved.catch(() => {})
    try {
      await saved
      saving.current = saving.current.filter((other) => other !== sent)
      keep()
    } catch (error) {
      saving.current = saving.current.filter((other) => other !== sent)
      write(typed.current === '' ? sent.text : `${sent.text}\n${typed.current}`)
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
        onChange={(event) => write(event.target.value)}
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
