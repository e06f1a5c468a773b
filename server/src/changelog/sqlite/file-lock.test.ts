// One process for one file: the lock against processes that are real, and that die without a word.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { commit, creation, headOf } from '../contract/bench.ts'
import { lockFile } from './file-lock.ts'
import { sqliteChangelog } from './sqlite-changelog.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const newFile = () => join(folder, `${files++}.db`)

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Another process that opens changelogs as an app would that uses the library; resolves with what came of each. */
async function otherProcess(
  ...files: readonly string[]
): Promise<{ readonly said: string[]; readonly pid: number; kill(): Promise<void> }> {
  const changelog = new URL('./sqlite-changelog.ts', import.meta.url)
  const code = `
    const { sqliteChangelog } = await import(${JSON.stringify(changelog.href)})
    const said = ${JSON.stringify(files)}.map((file) => {
      try {
        sqliteChangelog(file)
        return 'open'
      } catch (error) {
        return error.code + ': ' + error.message
      }
    })
    console.log(JSON.stringify(said))
    setInterval(() => {}, 60_000)`
  const child = spawn(process.execPath, ['--conditions=@tidemark/source', '--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [said] = await once(child.stdout, 'data')
  return {
    said: JSON.parse(said) as string[],
    pid: child.pid ?? 0,
    async kill() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

describe('one process for one file', { timeout: 30_000 }, () => {
  it('whoever comes second is refused and told who has it, until that one is gone, be it by kill -9', async () => {
    const [file, free] = [newFile(), newFile()]
    const first = await otherProcess(file)
    const second = await otherProcess(file, free)
    const refused = `${file} is in use by process ${first.pid}: one process serves one file. Stop it, or use another file.`
    expect([first.said, second.said]).toEqual([['open'], [`unavailable: ${refused}`, 'open']])
    expect(() => sqliteChangelog(file)).toThrow(refused)
    await first.kill()
    const changelog = sqliteChangelog(file)
    expect((await commit(changelog, [creation('m1', {})])).version).toBe(1)
    await changelog.close()
    await second.kill()
    await sqliteChangelog(free).close()
  })

  it('holds after the file was read, copied and refused, within the process, too, and by whichever name the file is opened', async () => {
    const file = newFile()
    const changelog = sqliteChangelog(file)
    await commit(changelog, [creation('m1', {})])
    const reader = new DatabaseSync(file, { readOnly: true })
    const copy = newFile()
    await backup(reader, copy)
    reader.close()
    const link = newFile()
    symlinkSync(file, link)
    const linkedFolder = join(folder, 'linked')
    symlinkSync(folder, linkedFolder, 'junction')
    const names = [file, link, join(linkedFolder, basename(file))]
    for (const name of names) expect(() => sqliteChangelog(name)).toThrow(`is in use by process ${process.pid}:`)
    const refused = expect.stringContaining(`is in use by process ${process.pid}:`)
    expect((await otherProcess(...names)).said).toEqual([refused, refused, refused])
    const copied = sqliteChangelog(copy)
    expect(await headOf(copied)).toEqual(await headOf(changelog))
    expect((await commit(changelog, [creation('m2', {})])).version).toBe(2)
    await Promise.all([changelog.close(), copied.close()])
    expect((await otherProcess(file)).said).toEqual(['open'])
  })

  it('an opening that fails leaves no lock, and a lock leaves one empty file', async () => {
    const file = newFile()
    writeFileSync(file, 'no database at all, but longer than a header of one hundred bytes would be, were it one'.repeat(2))
    for (let times = 0; times < 2; times++) expect(() => sqliteChangelog(file)).toThrow(/is damaged, or no database/)
    rmSync(file)
    await sqliteChangelog(file).close()
    expect(readdirSync(folder).filter((name) => name.startsWith(`${files - 1}.`))).toEqual([`${files - 1}.db`, `${files - 1}.db.lock`])
    expect(statSync(`${file}.lock`).size).toBe(0)
  })

  it('names a process on another host, and nobody where the name cannot be read', () => {
    const file = newFile()
    const unlock = lockFile(file)
    expect(readFileSync(`${file}.pid`, 'utf8')).toMatch(new RegExp(`^${process.pid} \\S+\n$`))
    writeFileSync(`${file}.pid`, '7 a-container\n')
    expect(() => lockFile(file)).toThrow('in use by process 7 on a-container:')
    writeFileSync(`${file}.pid`, 'half of a')
    expect(() => lockFile(file)).toThrow('in use by another process:')
    unlock()
    lockFile(file)()
  })

  it('says what is needed where there can be no lock', () => {
    const file = newFile()
    mkdirSync(`${file}.lock`)
    expect(() => sqliteChangelog(file)).toThrow(/\.lock cannot be locked: a folder on a local disk is needed, which this user may write to/)
  })
})
