import type { Lane } from '@tidemark/client'
import { ForbiddenError, RateLimitedError, UnavailableError } from '@tidemark/shared'
import { type FormEvent, type KeyboardEvent, useId, useRef, useState } from 'react'
import { characters } from '../../characters.ts'
import { COMMENT_CHARACTERS_MAX, COMMENT_COLORS, type Comment } from '../../live.ts'
import { useWords, type Words } from '../words/words.ts'
import './comment-box.css'
import type { Showing } from './use-showing.ts'

/** Comments that did not go out and are still offered; the oldest goes first. */
const UNSENT_MAX = 3
/** The count shows once so few characters are left. */
const COUNT_SHOWN_BELOW = 20

interface Unsent {
  readonly key: string
  readonly body: Comment
  readonly problem: unknown
}

interface Props {
  readonly lane: Pick<Lane<Comment>, 'say'>
  /** Whoever runs the show lets nobody speak now. */
  readonly stopped: boolean
  readonly showing: Showing
  readonly onShow: (showing: Showing) => void
}

type Color = (typeof COMMENT_COLORS)[number]

/** Says something to all. It flies here at once; where it did not go out, it says so and offers it again. */
export function CommentBox({ lane, stopped, showing, onShow }: Props) {
  const words = useWords()
  const { comment } = words
  const [text, setText] = useState('')
  const [color, setColor] = useState<Color>('white')
  const [underWay, setUnderWay] = useState(0)
  const [isSent, setIsSent] = useState(false)
  const [unsent, setUnsent] = useState<readonly Unsent[]>([])
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  const left = COMMENT_CHARACTERS_MAX - characters(text)
  const sendable = !stopped && text.trim() !== '' && left >= 0

  async function say(body: Comment) {
    setIsSent(false)
    setUnderWay((count) => count + 1)
    let key = ''
    try {
      const { item, accepted } = lane.say(body)
      key = item.id
      await accepted
      setIsSent(true)
    } catch (problem) {
      setUnsent((all) => [...all, { key: key || String(performance.now()), body, problem }].slice(-UNSENT_MAX))
    } finally {
      setUnderWay((count) => count - 1)
    }
  }
  function send() {
    if (!sendable) return
    setText('')
    void say({ text: text.trim(), ...(color !== 'white' && { color }) })
  }
  function onKeyDown(event: KeyboardEvent) {
    // While an input method composes, Enter picks a word. Safari ends the composition first and says 229.
    if (event.key === 'Enter' && (event.nativeEvent.isComposing || event.keyCode === 229)) event.preventDefault()
  }
  const takeOut = (key: string) => setUnsent((all) => all.filter((other) => other.key !== key))

  return (
    <form
      className="comment-box"
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        send()
        field.current?.focus()
      }}
    >
      {unsent.map(({ key, body, problem }) => (
        <div key={key} className="comment-unsent" role="alert" data-testid="unsent">
          <p>{problem instanceof UnavailableError ? comment.unanswered(body.text) : comment.unsent(body.text, reason(problem, words))}</p>
          <span className="comment-unsent-acts">
            <button
              type="button"
              className="button quiet"
              disabled={stopped}
              onClick={() => {
                takeOut(key)
                void say(body)
              }}
            >
              {comment.again}
            </button>
            <button type="button" className="button quiet" onClick={() => takeOut(key)}>
              {comment.discard}
            </button>
          </span>
        </div>
      ))}
      <label htmlFor={id} className="visually-hidden">
        {comment.label}
      </label>
      <input
        id={id}
        ref={field}
        className="field comment-field"
        dir="auto"
        autoComplete="off"
        enterKeyHint="send"
        disabled={stopped}
        placeholder={stopped ? comment.stopped : comment.label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        aria-invalid={left < 0}
        aria-describedby={`${id}-told`}
      />
      <button type="submit" className="button primary comment-send" disabled={!sendable}>
        {comment.send}
      </button>
      <p id={`${id}-told`} className={left < 0 ? 'problem comment-told' : 'hint comment-told'} role="status" data-testid="comment-told">
        {stopped
          ? comment.stoppedText
          : left < 0
            ? words.composer.tooMany(-left)
            : left < COUNT_SHOWN_BELOW
              ? words.composer.left(left)
              : underWay > 0
                ? comment.sending
                : isSent
                  ? comment.sent
                  : comment.hint}
      </p>
      <fieldset className="comment-colors" disabled={stopped}>
        <legend className="visually-hidden">{comment.color}</legend>
        {COMMENT_COLORS.map((each) => (
          <label key={each} className="comment-color" data-color={each} title={comment.colors[each]}>
            <input type="radio" name={`${id}-color`} checked={each === color} onChange={() => setColor(each)} />
            <span className="visually-hidden">{comment.colors[each]}</span>
          </label>
        ))}
      </fieldset>
      <button
        type="button"
        className="button quiet comment-showing"
        aria-pressed={showing === 'list'}
        onClick={() => onShow(showing === 'list' ? 'flight' : 'list')}
      >
        {comment.asList}
      </button>
    </form>
  )
}

/** Why it did not go out, in words that say what to do. */
function reason(problem: unknown, words: Words): string {
  if (problem instanceof RateLimitedError) return words.comment.tooFast
  if (problem instanceof ForbiddenError) return words.comment.forbidden(problem.message)
  return words.problem(problem)
}
