import type { DocumentRow } from '@tidemark/client'
import { useQuery } from '@tidemark/client/react'
import { type ListedWord, WORD_LENGTH_MAX, WORDS_AT_ONCE_MAX, type WordAction } from '@tidemark/shared'
import { type FormEvent, useState } from 'react'
import { useActs } from '../acts/acts.tsx'
import { useModeration } from '../acts/use-moderation.ts'
import { DataTable, type TableColumn } from '../table/data-table.tsx'
import { counted, moment } from '../words/units.ts'
import { inParts, wordsIn } from './words-in.ts'

type Row = DocumentRow<ListedWord>

const DOES: Readonly<Record<WordAction, string>> = {
  hold: 'hold for a person',
  drop: 'drop for others',
  mask: 'mask with *',
}
const TONES: Readonly<Record<WordAction, string>> = { hold: 'sand', drop: 'coral', mask: 'sea' }

/** The words of the filter: who saves here changes what counts from the next comment on. */
export function WordsPage() {
  const { words, mutate } = useModeration()
  const { docs } = useQuery(words.orderBy('word', 'asc'))
  const { may, act } = useActs()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const listed = docs.filter(({ word }) => chosen.has(word))

  function toggle(word: string) {
    const next = new Set(chosen)
    if (!next.delete(word)) next.add(word)
    setChosen(next)
  }

  function remove() {
    for (const part of inParts(
      listed.map(({ word }) => word),
      WORDS_AT_ONCE_MAX,
    ))
      act(mutate.removeWords({ words: part }))
    setChosen(new Set())
  }

  const columns: readonly TableColumn<Row>[] = [
    {
      key: 'word',
      title: 'Word',
      value: ({ word }) => word,
      cell: ({ word, $p }) => (
        <label className="row">
          <input type="checkbox" checked={chosen.has(word)} onChange={() => toggle(word)} disabled={!may} />
          {word}
          {$p === 1 && <span className="tag sand">on its way</span>}
        </label>
      ),
    },
    {
      key: 'action',
      title: 'Does',
      value: ({ action }) => action,
      cell: ({ action }) => <span className={`tag ${TONES[action]}`}>{DOES[action]}</span>,
    },
    { key: 'by', title: 'By', value: ({ by }) => by, narrow: 'below' },
    {
      key: 'at',
      title: 'Since',
      isTime: true,
      isNumber: true,
      value: ({ atMs }) => atMs,
      cell: ({ atMs }) => moment(atMs),
      narrow: 'hidden',
    },
  ]
  return (
    <>
      <AddWords />
      <DataTable
        caption="Words of the filter"
        columns={columns}
        rows={docs}
        keyOf={({ $id }) => $id}
        sortedBy={{ key: 'word', descending: false }}
        isChosen={({ word }) => chosen.has(word)}
        empty={
          <>
            <p>No word is filtered.</p>
            <p className="hint">Paste a list above, one word a line.</p>
          </>
        }
        tools={
          <button type="button" className="button destructive" disabled={!may || listed.length === 0} onClick={remove}>
            {listed.length === 0 ? 'Remove' : `Remove ${counted(listed.length, 'word')}`}
          </button>
        }
      />
    </>
  )
}

function AddWords() {
  const { mutate } = useModeration()
  const { may, act } = useActs()
  const [text, setText] = useState('')
  const [action, setAction] = useState<WordAction>('hold')
  const { words, tooLong } = wordsIn(text, WORD_LENGTH_MAX)

  function submit(event: FormEvent) {
    event.preventDefault()
    for (const part of inParts(words, WORDS_AT_ONCE_MAX)) act(mutate.addWords({ words: part, action }))
    setText('')
  }

  return (
    <form className="panel" onSubmit={submit}>
      <h2>Add words</h2>
      <label className="label">
        One a line, or with commas between; a list of thousands may be pasted
        <textarea className="field" rows={3} value={text} onChange={(event) => setText(event.target.value)} spellCheck={false} />
      </label>
      <div className="row ends">
        <label className="label">
          Where one is said
          <select className="field" value={action} onChange={(event) => setAction(event.target.value as WordAction)}>
            {Object.entries(DOES).map(([value, says]) => (
              <option key={value} value={value}>
                {says}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="button primary" disabled={!may || words.length === 0}>
          {words.length === 0 ? 'Add' : `Add ${counted(words.length, 'word')}`}
        </button>
      </div>
      {tooLong > 0 && (
        <p className="problem">
          {counted(tooLong, 'line')} {tooLong === 1 ? 'has' : 'have'} more than {WORD_LENGTH_MAX} characters, and will not be added.
        </p>
      )}
    </form>
  )
}
