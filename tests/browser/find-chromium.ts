// A Chromium for the browser tests: CHROMIUM_PATH, else an installed Chromium, Chrome or Edge, else the one that the npm
// package @sparticuz/chromium carries (Linux x64). `undefined` when this machine has none.
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** For Playwright's launch: small /dev/shm and root are ordinary in containers. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
]

export async function findChromium(): Promise<string | undefined> {
  const { CHROMIUM_PATH } = process.env
  if (CHROMIUM_PATH) {
    if (!isProgram(CHROMIUM_PATH)) throw new Error(`CHROMIUM_PATH is ${CHROMIUM_PATH}, which is not a program`)
    return CHROMIUM_PATH
  }
  return installed().find(isProgram) ?? (await fromPackage())
}

function installed(): string[] {
  const { env, platform } = process
  if (platform === 'win32') {
    const places = [
      'Google\\Chrome\\Application\\chrome.exe',
      'Chromium\\Application\\chrome.exe',
      'Microsoft\\Edge\\Application\\msedge.exe',
    ]
    const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter((folder) => folder !== undefined)
    return places.flatMap((place) => folders.map((folder) => join(folder, place)))
  }
  if (platform === 'darwin') {
    return ['Google Chrome', 'Chromium', 'Microsoft Edge'].map((app) => `/Applications/${app}.app/Contents/MacOS/${app}`)
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/') && !folder.includes('node_modules'))
  return names.flatMap((name) => folders.map((folder) => join(folder, name)))
}

async function fromPackage(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  // Read while the package loads: it then unpacks the system libraries that a bare machine lacks, too.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs22.x'
  try {
    const { default: chromium } = await import('@sparticuz/chromium')
    return await chromium.executablePath()
  } catch {
    return undefined // installed with --omit=optional
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
