import { type FormEvent, useState } from 'react'
import { useActs } from '../acts/acts.tsx'
import { useModeration } from '../acts/use-moderation.ts'
import { FOR_HOW_LONG } from './restriction.ts'

const BECAUSE_CHARACTERS_MAX = 200

/** Mutes or blocks somebody. `user`: who that is; without, it is asked for. */
export function RestrictForm({ user, done }: { readonly user?: string; readonly done?: () => void }) {
  const { mutate } = useModeration()
  const { may, act } = useActs()
  const [name, setName] = useState('')
  const [does, setDoes] = useState<'mute' | 'block'>('mute')
  const [long, setLong] = useState(1)
  const [because, setBecause] = useState('')

  function submit(event: FormEvent) {
    event.preventDefault()
    const forMs = FOR_HOW_LONG[long]?.ms
    const reason = because.trim()
    act(mutate[does]({ user: user ?? name.trim(), ...(forMs !== undefined && { forMs }), ...(reason !== '' && { because: reason }) }))
    setName('')
    setBecause('')
    done?.()
  }

  return (
    <form className="row restrict" onSubmit={submit}>
      {user === undefined && (
        <label className="label">
          User
          <input
            className="field"
            value={name}
            onChange={(event) => setName(event.target.value)}
            required
            autoCapitalize="none"
            spellCheck={false}
          />
        </label>
      )}
      <label className="label">
        Act
        <select className="field" value={does} onChange={(event) => setDoes(event.target.value as 'mute' | 'block')}>
          <option value="mute">Mute: others see nothing of it</option>
          <option value="block">Block: it is refused</option>
        </select>
      </label>
      <label className="label">
        For
        <select className="field" value={long} onChange={(event) => setLong(Number(event.target.value))}>
          {FOR_HOW_LONG.map(({ says }, index) => (
            <option key={says} value={index}>
              {says}
            </option>
          ))}
        </select>
      </label>
      <label className="label restrict-because">
        Because
        <input
          className="field"
          value={because}
          maxLength={BECAUSE_CHARACTERS_MAX}
          onChange={(event) => setBecause(event.target.value)}
          placeholder="who is blocked is told"
        />
      </label>
      <button type="submit" className="button primary" disabled={!may}>
        {does === 'mute' ? 'Mute' : 'Block'}
      </button>
    </form>
  )
}
