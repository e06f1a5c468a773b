import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fallbackOf, serveHelp } from './help.ts'
import { comesFrom, flagOf, KEYS, SETTINGS, type Settings, variablesOf } from './settings-table.ts'

const guide = readFileSync(new URL('../../../docs/guides/command-line.md', import.meta.url), 'utf8')

/** A row of the guide's table, as the table of settings has it. */
function row(key: keyof Settings): string {
  const { help, kind, isArgument } = SETTINGS[key]
  const { placeholder } = kind
  const flag = isArgument === true ? 'the argument' : `\`--${flagOf(key)}${placeholder === undefined ? '' : ` ${placeholder}`}\``
  const cells = [
    comesFrom(key, 'flag') ? flag : '',
    comesFrom(key, 'env')
      ? variablesOf(key)
          .map((name) => `\`${name}\``)
          .join(', ')
      : '',
    comesFrom(key, 'file') ? `\`${key}\`` : '',
    `${help.replaceAll('|', '\\|')}${fallbackOf(key) === undefined ? '' : ` (\`${fallbackOf(key)}\`)`}`,
  ]
  return `| ${cells.join(' | ')} |`
}

describe('the guide to the command line', () => {
  it('shows every setting as it is', () => {
    const table = ['| flag | variable | in the file | meaning (default) |', '| --- | --- | --- | --- |', ...KEYS.map(row)].join('\n')
    // Put this table in place of the one that is there.
    expect(guide).toContain(table)
  })

  it('and help tell of every flag and variable', () => {
    for (const key of KEYS) {
      if (SETTINGS[key].isArgument !== true)
        expect(serveHelp()).toContain(comesFrom(key, 'flag') ? `--${flagOf(key)} ` : variablesOf(key)[0])
    }
  })
})
