import { describe, expect, it } from 'vitest'
import { readSettings, SettingsError } from './settings.ts'

const SECRET = '0123456789abcdef0123456789abcdef'

describe('readSettings', () => {
  it('has defaults that only this machine can reach', () => {
    expect(readSettings(['serve', 'app.ts', '--dev'], {})).toEqual({
      module: 'app.ts',
      dev: true,
      page: undefined,
      port: 8787,
      host: '127.0.0.1',
      data: './data',
      secret: undefined,
    })
    expect(readSettings(['serve', 'app.ts'], { TIDEMARK_SECRET: SECRET })).toMatchObject({ dev: false, host: '127.0.0.1', secret: SECRET })
  })

  it('takes the environment, and options before it; an empty variable is none', () => {
    const env = { PORT: '1234', HOST: '0.0.0.0', TIDEMARK_DATA: '/var/data', TIDEMARK_SECRET: SECRET }
    expect(readSettings(['serve', 'app.ts'], env)).toMatchObject({ port: 1234, host: '0.0.0.0', data: '/var/data' })
    expect(readSettings(['serve', 'app.ts', '--port', '0', '--host', '::1', '--data', 'd', '--page', 'dist'], env)).toMatchObject({
      port: 0,
      host: '::1',
      data: 'd',
      page: 'dist',
    })
    expect(readSettings(['serve', 'app.ts', '--dev'], { PORT: '', HOST: '' })).toMatchObject({ port: 8787, host: '127.0.0.1' })
  })

  it.each([
    [[], {}, /tidemark serve <module>/],
    [['serve'], {}, /tidemark serve <module>/],
    [['run', 'app.ts'], {}, /tidemark serve <module>/],
    [['serve', 'a.ts', 'b.ts', '--dev'], {}, /tidemark serve <module>/],
    [['serve', 'a.ts', '--develop'], {}, /--develop/],
    [['serve', 'a.ts'], {}, /TIDEMARK_SECRET is missing/],
    [['serve', 'a.ts'], { TIDEMARK_SECRET: 'short' }, /at least 32/],
    [['serve', 'a.ts', '--dev'], { TIDEMARK_SECRET: 'short' }, /at least 32/],
    [['serve', 'a.ts', '--dev'], { NODE_ENV: 'production' }, /NODE_ENV=production/],
    [['serve', 'a.ts', '--dev', '--port', '65536'], {}, /port 65536/],
    [['serve', 'a.ts', '--dev'], { PORT: 'http' }, /port http/],
  ] as const)('case %#: says what is wrong', (args, env, message) => {
    expect(() => readSettings(args, env)).toThrow(message)
    expect(() => readSettings(args, env)).toThrow(SettingsError)
  })

  it('never repeats a secret in what it says', () => {
    try {
      readSettings(['serve', 'a.ts'], { TIDEMARK_SECRET: 'hunter2' })
    } catch (error) {
      expect(String(error)).not.toContain('hunter2')
    }
  })
})
