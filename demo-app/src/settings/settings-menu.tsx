import { useStatus } from '@tidemark/client/react'
import { useId, useRef } from 'react'
import { nameOf } from '../names/name-code.ts'
import { forgetUser } from '../session/session.ts'
import { SignOutDialog } from '../session/sign-out-dialog.tsx'
import { useWords } from '../words/words.ts'
import { DevtoolsEntry } from './devtools-entry.tsx'
import { LanguageChoice } from './language-choice.tsx'
import './settings-menu.css'
import { StoragePromise } from './storage-promise.tsx'
import { ThemeChoice } from './theme-choice.tsx'

/** Who is signed in; behind the name, what is this device's to choose, and the way out. */
export function SettingsMenu({ user }: { readonly user: string }) {
  const words = useWords().settings
  const pending = useStatus((status) => status.pending)
  const dialog = useRef<HTMLDialogElement>(null)
  const menu = useId()
  const name = nameOf(user)
  return (
    <>
      <button type="button" className="button quiet settings-button" popoverTarget={menu} aria-label={`${name}, ${words.open}`}>
        <span className="settings-user">{name}</span>
        <svg viewBox="0 0 12 12" aria-hidden="true">
          <path d="M2 4.500 6 8.500 10 4.500" />
        </svg>
      </button>
      <section id={menu} popover="auto" className="settings-menu" aria-label={words.open}>
        <ThemeChoice />
        <LanguageChoice />
        <StoragePromise />
        <DevtoolsEntry menu={menu} />
        <button type="button" className="button" onClick={() => (pending === 0 ? forgetUser() : dialog.current?.showModal())}>
          {words.signOut}
        </button>
      </section>
      {/* Beside the menu, which closes when a dialog opens. */}
      <SignOutDialog dialog={dialog} user={user} pending={pending} />
    </>
  )
}
