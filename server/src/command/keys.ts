import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isUserId, type Random } from '@tidemark/shared'
import { type ApiKeyRecord, newApiKey } from '../api-keys/api-key.ts'
import { isKnownScope } from '../api-keys/scope.ts'
import { apiKeysFileIn, changeApiKeys, readApiKeys } from './api-keys-file.ts'
import { SettingsError } from './settings-error.ts'

export const KEYS_USAGE = `tidemark keys create --name NAME --scope SCOPE [--scope SCOPE ...] [--tenant NAME] [--expires-days N]
tidemark keys list
tidemark keys revoke ID

  API keys for POST /v1/commits. They are kept as hashes in api-keys.json beside the data; a running server takes notice at once.

  --name NAME       what the key is for; keys of one name share their idempotency keys
  --scope SCOPE     commit:*, commit:room (every room) or commit:room:42
  --tenant NAME     default: default
  --expires-days N  from when on it is refused; default: never
  --data DIR        the folder of the data
  --json            one JSON object a line`

export interface KeysWorld {
  /** The folder of the data, where `--data` names no other. */
  readonly data: string
  readonly nowMs: number
  readonly random: Random
  /** One line for programs (stdout): a new key, a row of the list. */
  out(line: string): void
  /** One line for the person (stderr). */
  tell(line: string): void
}

const MORE = 'tidemark keys --help tells more.'
const DAY_MS = 24 * 3600 * 1000

/** `tidemark keys ...`: `args` are those after `keys`. Throws SettingsError for what cannot be, Error for a file that cannot be read or written. */
export function runKeys(args: readonly string[], world: KeysWorld): void {
  const { values, positionals } = parsed(args)
  const [verb, ...rest] = positionals
  const data = values.data ?? world.data
  const file = apiKeysFileIn(data)
  const json = values.json ?? false
  if (verb === 'create' && rest.length === 0) {
    const { key, record } = newApiKey(world.random, described(values, world.nowMs))
    changeApiKeys(file, (records) => [...records, record])
    world.out(json ? JSON.stringify({ event: 'key', key, ...shown(record) }) : key)
    world.tell(`Key ${record.id} (${record.name}) may ${record.scopes.join(', ')}. It is shown this once: keep it where secrets are kept.`)
    return
  }
  if (verb === 'list' && rest.length === 0) {
    assertFolder(data)
    const records = readApiKeys(file)
    for (const record of records) world.out(json ? JSON.stringify(shown(record)) : row(record, world.nowMs))
    if (records.length === 0) world.tell('There are no API keys.')
    return
  }
  const [id] = rest
  if (verb === 'revoke' && id !== undefined && rest.length === 1) {
    assertFolder(data)
    changeApiKeys(file, (records) => {
      if (!records.some((record) => record.id === id))
        throw new SettingsError(`There is no key ${id}: tidemark keys list shows those there are.`)
      return records.map((record) => (record.id === id ? { ...record, revokedAtMs: record.revokedAtMs ?? world.nowMs } : record))
    })
    world.tell(`Key ${id} is refused from now on.`)
    return
  }
  throw new SettingsError(`${positionals.join(' ') || 'keys'}: create, list or revoke ID is needed; ${MORE}`)
}

/** Where there is no data there are no keys to speak of: most likely another folder was meant. */
function assertFolder(data: string): void {
  if (!statSync(data, { throwIfNoEntry: false })?.isDirectory())
    throw new SettingsError(`${data}: there is no such folder of data. Name it with --data.`)
}

type Values = ReturnType<typeof parsed>['values']

function described(
  { name, scope: scopes = [], tenant = 'default', 'expires-days': days }: Values,
  nowMs: number,
): Pick<ApiKeyRecord, 'tenant' | 'name' | 'scopes' | 'createdMs' | 'expiresAtMs'> {
  if (!isUserId(name)) throw new SettingsError('--name: 1 to 128 of A-Z a-z 0-9 . _ ~ - are needed, such as --name billing.')
  if (!isUserId(tenant)) throw new SettingsError('--tenant: 1 to 128 of A-Z a-z 0-9 . _ ~ - are needed.')
  const wrong = scopes.find((scope) => !isKnownScope(scope))
  if (wrong !== undefined) throw new SettingsError(`--scope ${wrong}: commit:*, commit:room or commit:room:42 is needed.`)
  if (scopes.length === 0) throw new SettingsError('--scope is missing: say what the key may do, such as --scope commit:room.')
  if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days))
    throw new SettingsError(`--expires-days ${days}: a whole number from 1 to 99999 is needed.`)
  return {
    tenant,
    name,
    scopes: [...new Set(scopes)],
    createdMs: nowMs,
    ...(days === undefined ? {} : { expiresAtMs: nowMs + Number(days) * DAY_MS }),
  }
}

function shown({ secretSha256: _, ...record }: ApiKeyRecord): Omit<ApiKeyRecord, 'secretSha256'> {
  return record
}

function row({ id, name, tenant, scopes, expiresAtMs, revokedAtMs }: ApiKeyRecord, nowMs: number): string {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  const state =
    revokedAtMs !== undefined
      ? `revoked ${day(revokedAtMs)}`
      : expiresAtMs === undefined
        ? 'good'
        : `${nowMs < expiresAtMs ? 'good until' : 'over since'} ${day(expiresAtMs)}`
  return [id, name, tenant, scopes.join(','), state].join('  ')
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        scope: { type: 'string', multiple: true },
        tenant: { type: 'string' },
        'expires-days': { type: 'string' },
        data: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message.split('\n')[0] : error} ${MORE}`)
  }
}
