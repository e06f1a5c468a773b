import { DEVTOOLS_KEY, useDevtools } from '../devtools/use-devtools.ts'
import { useWords } from '../words/words.ts'

/** Where the devtools are found by whoever has no keyboard, and by which key by everybody else. */
export function DevtoolsEntry({ menu }: { readonly menu: string }) {
  const { devtools, devtoolsHint } = useWords().settings
  const toggle = useDevtools()
  return (
    <section className="settings-devtools" aria-label={devtools}>
      <button
        type="button"
        className="button"
        aria-keyshortcuts={DEVTOOLS_KEY}
        popoverTarget={menu}
        popoverTargetAction="hide"
        onClick={toggle}
      >
        {devtools}
        <span aria-hidden="true" className="settings-key">
          {DEVTOOLS_KEY}
        </span>
      </button>
      <p className="hint">{devtoolsHint}</p>
    </section>
  )
}
