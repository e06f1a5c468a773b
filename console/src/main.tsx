import './styles/base.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { beginSession, useSession } from './session/session.ts'
import { SignIn } from './session/sign-in.tsx'
import { Boundary } from './shell/boundary.tsx'
import { Gate } from './shell/gate.tsx'
import { Shell } from './shell/shell.tsx'
import { applyTheme } from './shell/theme.ts'

function Page() {
  const session = useSession()
  if (session === undefined) return <SignIn />
  return (
    <Boundary key={JSON.stringify(session)}>
      <Gate session={session}>
        <Shell />
      </Gate>
    </Boundary>
  )
}

applyTheme()
beginSession()
const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <Page />
  </StrictMode>,
)
