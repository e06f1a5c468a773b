import { comesFrom, flagOf, KEYS, SETTINGS, type Settings, variablesOf } from './settings-table.ts'

export const HELP = `Tidemark: an offline-first sync engine

  tidemark serve [app.ts] [options]     serves an app until a signal ends it
  tidemark keys create | list | revoke  API keys for backends that write
  tidemark <command> --help             what a command takes
  tidemark --version

Exit codes: 0 ended by a signal, or done; 1 it could not start or go on; 2 the command line or a setting is wrong.
Errors are one line on stderr (a module that throws: its stack too, with --log debug); with --json, one JSON object: {"event":"error","code":"settings","message":"..."}.`

const COLUMN = 30
const WIDTH = 110

/** `tidemark serve --help`, written from the table of settings. */
export function serveHelp(): string {
  const flags = KEYS.filter((key) => comesFrom(key, 'flag') && SETTINGS[key].isArgument !== true)
  const hidden = KEYS.filter((key) => !comesFrom(key, 'flag'))
  return `tidemark serve [app.ts] [options]

  Serves an app until a signal ends it: live connections, HTTP, and everything kept in one folder. The module exports
  app            defineApp({ ... })
  access         one rule a kind; without it a space is its owner's alone: user:alice is alice's
  authenticate   who a token stands for; instead of the settings below

${flags.map((key) => entry(`--${withPlaceholder(key)}`, key)).join('\n')}

Not on the command line, where others on this machine could read them:
${hidden.map((key) => entry(variablesOf(key)[0] ?? '', key)).join('\n')}

Flags count most, then the environment (--jwks-url is TIDEMARK_JWKS_URL, --port also PORT, --host also HOST), then tidemark.json
(jwksUrl), which may also name the module. Without --dev tokens must be checkable: by TIDEMARK_SECRET, --jwks-url or \`authenticate\`.`
}

function withPlaceholder(key: keyof Settings): string {
  const { placeholder } = SETTINGS[key].kind
  return placeholder === undefined ? flagOf(key) : `${flagOf(key)} ${placeholder}`
}

function entry(name: string, key: keyof Settings): string {
  const { help, kind } = SETTINGS[key]
  const needed = kind.needed.startsWith('one of') || kind.needed.startsWith('a list, each') ? `: ${kind.needed}` : ''
  const words = `${help}${needed}${fallbackOf(key) === undefined ? '' : ` (${fallbackOf(key)})`}`.split(' ')
  const lines = ['']
  for (const word of words) {
    const line = lines.at(-1) ?? ''
    if (line.length + word.length + COLUMN > WIDTH) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return `  ${name.padEnd(COLUMN - 2)}${lines.join(`\n${' '.repeat(COLUMN)}`)}`
}

/** What counts where nothing is said, as a person would write it; undefined where that is nothing. */
export function fallbackOf(key: keyof Settings): string | undefined {
  const { fallback } = SETTINGS[key]
  return fallback === undefined || fallback === false ? undefined : String(fallback)
}
