import { useQuery, useStatus } from '@tidemark/client/react'
import { type ReactNode, useEffect, useRef } from 'react'
import { ActsProvider } from '../acts/acts.tsx'
import { useModeration } from '../acts/use-moderation.ts'
import { AuditPage } from '../pages/audit-page.tsx'
import { ConnectionsPage } from '../pages/connections-page.tsx'
import { HeldPage } from '../pages/held-page.tsx'
import { LanesPage } from '../pages/lanes-page.tsx'
import { OverviewPage } from '../pages/overview-page.tsx'
import { PeoplePage } from '../pages/people-page.tsx'
import { RefusedPage } from '../pages/refused-page.tsx'
import { SpacesPage } from '../pages/spaces-page.tsx'
import { WordsPage } from '../pages/words-page.tsx'
import { laneKinds } from '../replica/console-app.ts'
import { ReplicaProvider, useReplica } from '../replica/hooks.ts'
import { useConsoleReplica } from '../replica/use-console-replica.ts'
import { signOut } from '../session/session.ts'
import { count } from '../words/units.ts'
import { useConsole } from './console-context.ts'
import { Skeleton } from './notice.tsx'
import { hrefOf, PAGES, type PageName, useRoute } from './route.ts'
import { chooseTheme, useTheme } from './theme.ts'
import { WaterLine } from './water-line.tsx'
import './shell.css'

const TITLES: Readonly<Record<PageName, string>> = {
  overview: 'Overview',
  lanes: 'Lanes',
  held: 'Held',
  people: 'People',
  words: 'Words',
  spaces: 'Spaces',
  connections: 'Connections',
  refused: 'Refused & limits',
  audit: 'Audit',
}
/** What these show is in the space `moderation`, which there is where the app has lanes. */
const OF_MODERATION: readonly PageName[] = ['lanes', 'held', 'people', 'words', 'audit']

const SHOWN: Readonly<Record<PageName, (props: { readonly of: readonly string[] }) => ReactNode>> = {
  overview: OverviewPage,
  lanes: LanesPage,
  held: HeldPage,
  people: PeoplePage,
  words: WordsPage,
  spaces: SpacesPage,
  connections: ConnectionsPage,
  refused: RefusedPage,
  audit: AuditPage,
}

export function Shell() {
  const { session, overview } = useConsole()
  const replica = useConsoleReplica(session, overview)
  const opening = (
    <main className="gate-opening">
      <Skeleton label="Opening the copy on this device" />
    </main>
  )
  return (
    <ReplicaProvider replica={replica} fallback={opening}>
      <ActsProvider may={overview.may === 'admin'}>
        <Pages />
      </ActsProvider>
    </ReplicaProvider>
  )
}

function Pages() {
  const { overview } = useConsole()
  const route = useRoute()
  const hasLanes = laneKinds(overview.kinds).length > 0
  const pages = PAGES.filter((page) => hasLanes || !OF_MODERATION.includes(page))
  const page = pages.includes(route.page) ? route.page : 'overview'
  const Shown = SHOWN[page]
  const title = TITLES[page]
  const heading = useRef<HTMLHeadingElement>(null)
  const isFirst = useRef(true)

  // Whoever uses keys or listens is led to the page that was chosen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each page
  useEffect(() => {
    document.title = `${title}, Tidemark console`
    if (!isFirst.current) heading.current?.focus({ preventScroll: true })
    // On a phone the navigation is wider than the screen.
    document.querySelector('.shell-nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
    isFirst.current = false
  }, [page])

  return (
    <div className="shell">
      {/* No link: the fragment of the address names the page. */}
      <button type="button" className="button shell-skip" onClick={() => heading.current?.focus()}>
        To the content
      </button>
      <header className="shell-head">
        <a className="shell-name" href={hrefOf('overview')}>
          Tidemark
        </a>
        {hasLanes ? <Lines /> : <span className="shell-space" />}
        <span className="shell-who">
          {overview.user}
          {overview.tenant !== 'default' && ` · ${overview.tenant}`}
          {overview.may === 'read' && <span className="tag sand">may look, not act</span>}
        </span>
        <ThemeSwitch />
        <SignOut />
      </header>
      <nav className="shell-nav" aria-label="Console">
        <ul>
          {pages.map((name) => (
            <li key={name}>
              <a href={hrefOf(name)} aria-current={name === page ? 'page' : undefined}>
                {TITLES[name]}
                {name === 'held' && <HeldCount />}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main className="shell-main">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <Shown key={page} of={route.of} />
      </main>
    </div>
  )
}

/** What this device kept of the show goes too, unless an act is still on its way: that stays until somebody signs in again. */
function SignOut() {
  const replica = useReplica()
  async function go() {
    await replica.clear().catch(() => {})
    signOut()
  }
  return (
    <button type="button" className="button quiet" onClick={() => void go()}>
      Sign out
    </button>
  )
}

/** The space in which acts are mutations is followed as long as the console is open. */
function Lines() {
  useModeration()
  const denied = useStatus(({ spaces }) => spaces.moderation?.denied?.message)
  if (denied !== undefined)
    return (
      <span className="shell-space problem" role="status">
        {denied}
      </span>
    )
  return <WaterLine />
}

function HeldCount() {
  const { held } = useModeration()
  const { docs } = useQuery(held.orderBy('atMs', 'asc'))
  if (docs.length === 0) return null
  return (
    <span className="shell-count digits">
      {count(docs.length)}
      <span className="visually-hidden"> wait</span>
    </span>
  )
}

function ThemeSwitch() {
  const theme = useTheme()
  const isDark = theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark'
  return (
    <button type="button" className="button quiet" onClick={() => chooseTheme(isDark ? 'light' : 'dark')}>
      {isDark ? 'Light' : 'Dark'}
    </button>
  )
}
