import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { NotFoundError } from '@tidemark/shared'
import type { Context } from 'hono'
import { pageFolder } from './page.ts'

/** Where the console is served. */
export const CONSOLE_PATH = '/console'

/** The page as it was built into this package, beside its source and its code alike. */
const FOLDER = fileURLToPath(new URL('../../console', import.meta.url))

/** Its own scripts, styles and connections, and nothing that is inline: whoever is signed in here may block people. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Answers what is asked below CONSOLE_PATH, without a token: the page holds nothing, and what it shows is asked for with one. */
export function consolePage(folder: string = FOLDER): (c: Context) => Promise<Response | undefined> {
  let page: ((c: Context) => Promise<Response | undefined>) | undefined
  return async (c) => {
    if (c.req.path !== CONSOLE_PATH && !c.req.path.startsWith(`${CONSOLE_PATH}/`)) return undefined
    // It may be built while the server runs; a package from the registry has it.
    page ??= statSync(folder, { throwIfNoEntry: false }) && pageFolder(folder, { below: CONSOLE_PATH, policy: CONTENT_SECURITY_POLICY })
    if (page === undefined) throw new NotFoundError('The console is not built: npm run build:console.')
    return page(c)
  }
}
