import './styles/base.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Chat } from './chat.tsx'
import { useSignedInUser } from './session/session.ts'
import { SignIn } from './session/sign-in.tsx'
import { followTheme } from './settings/theme.ts'
import { TroubleBoundary } from './trouble.tsx'
import { UpdateNotice } from './update/update-notice.tsx'
import { followLanguage } from './words/words.ts'

function Page() {
  const user = useSignedInUser()
  return (
    <>
      {user === undefined ? (
        <SignIn />
      ) : (
        <TroubleBoundary key={user}>
          <Chat user={user} />
        </TroubleBoundary>
      )}
      <UpdateNotice />
    </>
  )
}

followTheme()
followLanguage()
const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <Page />
  </StrictMode>,
)
