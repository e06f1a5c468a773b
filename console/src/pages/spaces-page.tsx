import type { ConsoleLog, ConsoleSpaces } from '@tidemark/server'
import { type FormEvent, useState } from 'react'
import { useAskedHere } from '../shell/console-context.ts'
import { Skeleton, Stale } from '../shell/notice.tsx'
import { go, hrefOf } from '../shell/route.ts'
import { DataTable, type TableColumn } from '../table/data-table.tsx'
import { count, counted } from '../words/units.ts'
import './spaces-page.css'

type Row = ConsoleSpaces['spaces'][number]
const SPACES_EVERY_MS = 10_000
const LOG_EVERY_MS = 2000

const COLUMNS: readonly TableColumn<Row>[] = [
  { key: 'space', title: 'Space', value: (row) => row.space, cell: (row) => <a href={hrefOf('spaces', row.space)}>{row.space}</a> },
  { key: 'version', title: 'Head', isNumber: true, value: (row) => row.version },
  {
    key: 'commits',
    title: 'In 10 min',
    isNumber: true,
    value: (row) => row.commits,
    cell: (row) => (row.commits === 0 ? '0' : `+${count(row.commits)}`),
    narrow: 'below',
  },
  { key: 'readers', title: 'Readers', isNumber: true, value: (row) => row.readers, narrow: 'below' },
  { key: 'log', title: 'Log from', isNumber: true, value: (row) => row.logStart, narrow: 'hidden' },
  { key: 'horizon', title: 'Deletions from', isNumber: true, value: (row) => row.horizon, narrow: 'hidden' },
]

/** All spaces that were written to, and the tail of the log of one. */
export function SpacesPage({ of: [space] }: { readonly of: readonly string[] }) {
  const [after, setAfter] = useState('')
  const { answer, problem } = useAskedHere<ConsoleSpaces>(`spaces?after=${encodeURIComponent(after)}`, SPACES_EVERY_MS)
  return (
    <>
      <SpaceForm />
      {space !== undefined && <Tail key={space} space={space} />}
      <Stale problem={problem} />
      {answer === undefined && problem === undefined && <Skeleton label="Asking for spaces" />}
      {answer !== undefined && (
        <>
          <DataTable
            caption="Spaces"
            columns={COLUMNS}
            rows={answer.spaces}
            keyOf={(row) => row.space}
            sortedBy={{ key: 'space', descending: false }}
            isChosen={(row) => row.space === space}
            empty={<p>{after === '' ? 'Nothing was written to any space yet.' : 'No space comes after this one.'}</p>}
          />
          <p className="row">
            {after !== '' && (
              <button type="button" className="button" onClick={() => setAfter('')}>
                From the first
              </button>
            )}
            {answer.next !== undefined && (
              <button type="button" className="button" onClick={() => setAfter(answer.next ?? '')}>
                The next {count(answer.spaces.length)}
              </button>
            )}
          </p>
        </>
      )}
    </>
  )
}

function SpaceForm() {
  const [name, setName] = useState('')
  function submit(event: FormEvent) {
    event.preventDefault()
    if (name.trim() !== '') go('spaces', name.trim())
  }
  return (
    <form className="row" onSubmit={submit}>
      <label className="people-find">
        <span className="visually-hidden">Open the log of a space</span>
        <input
          className="field"
          type="search"
          placeholder="A space, as room:lobby"
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoCapitalize="none"
          spellCheck={false}
        />
      </label>
      <button type="submit" className="button">
        Open
      </button>
    </form>
  )
}

function Tail({ space }: { readonly space: string }) {
  const { answer, problem } = useAskedHere<ConsoleLog>(`spaces/${encodeURIComponent(space)}/log`, LOG_EVERY_MS)
  return (
    <section className="panel" aria-labelledby="tail">
      <div className="row">
        <h2 id="tail">{space}</h2>
        {answer !== undefined && (
          <span className="hint digits">
            at version {count(answer.version)}, seal <span className="mono">{answer.seal}</span>
          </span>
        )}
        <a className="people-close" href={hrefOf('spaces')}>
          Close
        </a>
      </div>
      <Stale problem={problem} />
      {answer === undefined && problem === undefined && <Skeleton label={`Asking for the log of ${space}`} />}
      {answer?.readable === false && (
        <p className="hint">You may moderate, and the rule of this space does not let you read it: what is in its commits stays out.</p>
      )}
      {answer !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
        <section className="tail" tabIndex={0} aria-label={`The last commits of ${space}`}>
          {answer.commits.length === 0 && <p className="hint">Its log is empty.</p>}
          <ol>
            {answer.commits.map(({ version, byMutation, changes, more }) => (
              <li key={version}>
                <span className="tail-version digits">{count(version)}</span>
                <ul>
                  {changes.map(({ collection, does, id, text, characters }, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: the changes of a commit stay as they are
                    <li key={index}>
                      <span className={`tag ${does === 'del' ? 'coral' : 'sea'}`}>{does}</span> {collection}
                      {id !== undefined && ` ${id}`}{' '}
                      {text !== undefined ? (
                        <code className="mono">{text}</code>
                      ) : (
                        <span className="hint">{counted(characters, 'character')}</span>
                      )}
                    </li>
                  ))}
                  {more > 0 && <li className="hint">and {counted(more, 'change')} more</li>}
                </ul>
                <span className="tag">{byMutation ? 'mutation' : 'server'}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </section>
  )
}
