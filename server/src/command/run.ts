import { readFileSync } from 'node:fs'
import { systemClock } from '../platform/system-clock.ts'
import { systemRandom } from '../platform/system-random.ts'
import { HELP, serveHelp } from './help.ts'
import { KEYS_USAGE, runKeys } from './keys.ts'
import { readSetting, readSettings } from './settings.ts'
import { SettingsError } from './settings-error.ts'
import { jsonVoice, plainVoice, type Voice } from './voice.ts'

const OUTPUTS = {
  out: (line: string) => void process.stdout.write(`${line}\n`),
  err: (line: string) => void process.stderr.write(`${line}\n`),
}

/** `tidemark`: does what the arguments say and ends the process. Exit codes: 0 done, 1 it could not start or go on, 2 wrong arguments or settings. */
export async function run(args: readonly string[]): Promise<void> {
  const voice = args.includes('--json') || isOn(process.env.TIDEMARK_JSON) ? jsonVoice(OUTPUTS) : plainVoice(OUTPUTS)
  try {
    await command(args, voice)
    process.exit(0)
  } catch (error) {
    process.exit(voice.error(error))
  }
}

async function command([name, ...args]: readonly string[], voice: Voice): Promise<void> {
  const wantsHelp = args.includes('--help') || args.includes('-h')
  switch (name) {
    case '--help':
    case '-h':
      return OUTPUTS.out(HELP)
    case '--version':
    case '-v':
      return OUTPUTS.out(version())
    case 'serve':
      return wantsHelp ? OUTPUTS.out(serveHelp()) : await serveUntilSignal(args, voice)
    case 'keys':
      if (wantsHelp) return OUTPUTS.out(KEYS_USAGE)
      return runKeys(args, {
        data: readSetting('data', process.env),
        nowMs: systemClock.nowMs(),
        random: systemRandom,
        out: OUTPUTS.out,
        tell: OUTPUTS.err,
      })
    case undefined:
      throw new SettingsError('A command is missing: tidemark --help tells more.')
    default:
      throw new SettingsError(`${name} is no command: tidemark --help tells more.`)
  }
}

async function serveUntilSignal(args: readonly string[], voice: Voice): Promise<void> {
  // Before anything that takes time: a signal during the start ends it cleanly too.
  const asked = Promise.withResolvers<void>()
  process.once('SIGTERM', () => asked.resolve())
  process.once('SIGINT', () => asked.resolve())
  const { settings, warnings } = readSettings(args, process.env)
  for (const warning of warnings) voice.warning(warning)
  // Loaded only now: help and errors need none of it.
  const { start } = await import('./start.ts')
  const listening = await start(settings, voice)
  await asked.promise
  await listening.close()
}

function version(): string {
  const { version: own } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return own
}

function isOn(said: string | undefined): boolean {
  return said === 'true' || said === '1'
}
