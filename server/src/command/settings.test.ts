import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Env, readSetting, readSettings } from './settings.ts'
import { SettingsError } from './settings-error.ts'

const SECRET = '0123456789abcdef0123456789abcdef'
const folder = mkdtempSync(join(tmpdir(), 'tidemark-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

function fileOf(content: unknown, mode = 0o600): string {
  const path = join(folder, `${files++}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  chmodSync(path, mode)
  return path
}
const read = (args: readonly string[], env: Env = {}) => readSettings(args, env).settings
const messageOf = (args: readonly string[], env: Env = {}): string => {
  try {
    readSettings(args, env)
  } catch (error) {
    if (error instanceof SettingsError) return error.message
    throw error
  }
  throw new Error('it was taken')
}

describe('settings', () => {
  it('have defaults that only this machine can reach', () => {
    expect(read(['app.ts'])).toMatchObject({
      module: 'app.ts',
      port: 8787,
      host: '127.0.0.1',
      data: './data',
      origins: ['same-origin'],
      proxies: ['127.0.0.0/8', '::1/128'],
      log: 'warn',
      dev: false,
      json: false,
    })
  })

  it('are taken from flags first, then the environment, then the file', () => {
    const config = fileOf({ port: 1, host: 'in.file', data: '/in/file', audience: 'file' })
    const env = { TIDEMARK_CONFIG: config, TIDEMARK_PORT: '2', TIDEMARK_HOST: 'in.env' }
    expect(read(['--port', '3'], env)).toMatchObject({ port: 3, host: 'in.env', data: '/in/file', audience: 'file' })
    expect(read([], env)).toMatchObject({ port: 2 })
    expect(read([], { ...env, TIDEMARK_CONFIG: '', TIDEMARK_PORT: '' })).toMatchObject({ port: 8787 })
    expect(read(['--config', config], { PORT: '5' })).toMatchObject({ port: 5, host: 'in.file' })
    expect(read([], { PORT: '5', HOST: 'h', TIDEMARK_PORT: '6' })).toMatchObject({ port: 6, host: 'h' })
  })

  it('what Kubernetes says of a service called tidemark is not taken for a port', () => {
    expect(read([], { TIDEMARK_PORT: 'tcp://10.0.0.1:8787', TIDEMARK_SERVICE_HOST: '10.0.0.1' })).toMatchObject({ port: 8787 })
  })

  it('lists have commas in flags and variables; paths of a file are meant from its folder', () => {
    const config = fileOf({
      module: 'app.ts',
      data: 'd',
      page: '/abs',
      origins: ['https://a.example'],
      algorithms: ['RS256'],
      secret: SECRET,
    })
    expect(read(['--config', config])).toMatchObject({
      module: join(folder, 'app.ts'),
      data: join(folder, 'd'),
      page: '/abs',
      origins: ['https://a.example'],
      secret: SECRET,
    })
    expect(read(['--config', config, '--origins', 'https://b.example, same-origin'], { TIDEMARK_ALGORITHMS: 'ES256,EdDSA' })).toMatchObject(
      {
        origins: ['https://b.example', 'same-origin'],
        algorithms: ['ES256', 'EdDSA'],
      },
    )
  })

  it('one can be read by itself', () => {
    expect(readSetting('data', { TIDEMARK_DATA: '/d' })).toBe('/d')
    expect(readSetting('data', { TIDEMARK_CONFIG: fileOf({ data: 'd' }) })).toBe(join(folder, 'd'))
  })

  it.each<[readonly string[], Env, string | RegExp]>([
    [['a.ts', '--port', '65536'], {}, '--port 65536: a whole number from 0 to 65535 is needed.'],
    [['a.ts', '--port=-1'], {}, '--port -1: a whole number from 0 to 65535 is needed.'],
    [['a.ts', '--port'], {}, '--port: a whole number from 0 to 65535 is needed after it.'],
    [['a.ts', '--port', '--dev'], {}, '--port: a whole number from 0 to 65535 is needed after it.'],
    [['a.ts', '--dev=yes'], {}, '--dev is on or off: it takes no value.'],
    [['a.ts'], { TIDEMARK_PORT: 'abc' }, 'TIDEMARK_PORT=abc: a whole number from 0 to 65535 is needed.'],
    [['a.ts'], { PORT: '1e3' }, 'PORT=1e3: a whole number from 0 to 65535 is needed.'],
    [['a.ts', '--log', 'loud'], {}, '--log loud: one of trace, debug, info, warn, error, fatal, silent is needed.'],
    [['a.ts', '--algorithms', 'none'], {}, /^--algorithms none: a list, each one of HS256.*is needed\.$/],
    [['a.ts', '--algorithms', ''], {}, /^--algorithms: a list/],
    [['a.ts', '--origins', 'example.com'], {}, '--origins example.com: a list of origins such as https://app.example is needed.'],
    [['a.ts', '--proxies', 'proxy.example'], {}, '--proxies proxy.example: a list of addresses such as 10.0.0.0/8 is needed.'],
    [['a.ts', '--jwks-url', 'id.example'], {}, '--jwks-url id.example: an address (URL) is needed.'],
    [['a.ts'], { TIDEMARK_JSON: 'perhaps' }, 'TIDEMARK_JSON=perhaps: true or false is needed.'],
    [['a.ts', '--prot', '1'], {}, '--prot is no option. Did you mean --port?'],
    [['a.ts', '--develop'], {}, '--develop is no option. Did you mean --dev?'],
    [['a.ts', '-p', '1'], {}, '-p is no option. See tidemark serve --help.'],
    [['a.ts', '--zzz'], {}, '--zzz is no option. See tidemark serve --help.'],
    [['a.ts', '--__proto__'], {}, '--__proto__ is no option. See tidemark serve --help.'],
    [['a.ts', 'b.ts'], {}, 'b.ts: one module is served, and a.ts is one already.'],
    [['a.ts', '--config', '/no/where.json'], {}, '/no/where.json: there is no such file of settings.'],
    [['a.ts', '--dev'], { NODE_ENV: 'production' }, /NODE_ENV=production/],
  ])('case %#: one line says what is wrong, and where', (args, env, message) => {
    const said = messageOf(args, env)
    if (typeof message === 'string') expect(said).toBe(message)
    else expect(said).toMatch(message)
    expect(said).not.toContain('\n')
  })

  it.each<[unknown, string]>([
    [{ port: '8787' }, 'port="8787": a whole number from 0 to 65535 is needed.'],
    [{ prot: 1 }, 'prot is no setting. Did you mean port?'],
    [{ jwks_url: 'https://a.example' }, 'jwks_url is no setting. Did you mean jwksUrl?'],
    [{ toString: 1 }, 'toString is no setting. See tidemark serve --help.'],
    [{ origins: 'https://a.example' }, 'origins="https://a.example": a list of origins such as https://app.example is needed.'],
    [{ dev: true }, 'dev cannot be set in a file: use --dev.'],
    [[], 'a JSON object is needed, such as {"port":8787}.'],
    ['{\n"secret": hunter2-hunter2', 'this is not JSON.'],
  ])('a file, case %#: one line says what is wrong, and where', (content, message) => {
    const config = fileOf(content)
    expect(messageOf(['--config', config])).toBe(`${config}: ${message}`)
  })

  it('secrets come by no flag, and are repeated in no error', () => {
    expect(messageOf(['a.ts', '--secret', 'hunter2'])).toBe(
      '--secret: a secret on the command line can be seen by others on this machine: set TIDEMARK_SECRET.',
    )
    expect(messageOf(['a.ts', '--secret=hunter2'])).not.toContain('hunter2')
    expect(messageOf(['a.ts'], { TIDEMARK_SECRET: 'hunter2' })).toBe('TIDEMARK_SECRET: a secret of at least 32 bytes is needed.')
    expect(messageOf(['--config', fileOf({ secret: 'hunter2' })])).not.toContain('hunter2')
    expect(messageOf(['--config', fileOf({ oldSecret: ['hunter2'] })])).not.toContain('hunter2')
  })

  it('a file that others can read is warned about where it holds a secret', () => {
    if (process.platform === 'win32') return
    const warnings = (content: object, mode: number) => readSettings(['--config', fileOf(content, mode)], {}).warnings
    expect(warnings({ secret: SECRET }, 0o600)).toEqual([])
    expect(warnings({ port: 1 }, 0o644)).toEqual([])
    expect(warnings({ secret: SECRET }, 0o640)).toEqual([expect.stringMatching(/others on this machine can read its secret: chmod 600/)])
  })

  it('a variable that looks misspelt is warned about; what belongs to others is not', () => {
    const env = { TIDEMARK_DAAT: '/d', TIDEMARK_SERVICE_PORT: '1', TIDEMARK_REQUIRE_ALL: '1', NODE_ENV: 'test' }
    expect(readSettings(['a.ts'], env).warnings).toEqual(['TIDEMARK_DAAT is no setting. Did you mean TIDEMARK_DATA?'])
  })
})
