// Goal: what a disk did to the file never becomes a wrong answer (P2, P3). Method: a server fills a file and is gone; a copy of what it left
// is damaged, and a server on that copy is asked everything, has everything sent to it again, is written to, and is opened once more. Each
// answer must be the one that a sound file gives, or an error. Where the log was cut, the sound file is the one that ended there.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Asked, ask, type Standings } from './asked.ts'
import { fillFile, SPACES, USERS } from './filled-file.ts'
import { verdict } from './verdict.ts'

const CUTS = process.env.CI === undefined ? 12 : 120
/** For each shape and part of a file. */
const FLIPS = process.env.CI === undefined ? 12 : 200

const WAL_HEADER_BYTES = 32
const FRAME_BYTES = 24 + 4096

interface Files {
  readonly db: Buffer
  readonly wal: Buffer
}

const folder = mkdtempSync(join(tmpdir(), 'tidemark-damaged-'))
let copies = 0
let files: Files
/** Bytes of the log after each of its transactions, beginning with none. */
let walEnds: readonly number[]
let standings: Standings = new Map()

beforeAll(async () => {
  const filled = await fillFile(join(folder, 'living.db'), join(folder, 'left.db'))
  files = read(filled.file)
  walEnds = filled.walEnds
  standings = await standingsIn(files)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a write-ahead log that was cut', { timeout: 600_000 }, () => {
  const tails: readonly [string, (length: number) => Buffer][] = [
    ['nothing', () => Buffer.alloc(0)],
    ['zeros', (length) => Buffer.alloc(length)],
    ['noise', (length) => noise(length)],
    ['what an older log left there', (length) => Buffer.concat([otherLog(), otherLog()]).subarray(0, length)],
  ]

  it('[P3] at any byte behind the last flush, whatever stands there instead, lacks nothing that was flushed', async () => {
    const last = walEnds.length - 1
    const [from = 0, to = 0] = walEnds.slice(-2)
    const truth = await truthAt(last - 1)
    const draw = chance(1)
    const found = new Map<string, string>()
    for (let at = 0; at < CUTS; at++) {
      // The first bytes, those around each frame, and any others.
      const cut =
        at < 4 ? from + at : at % 3 === 0 ? near(from + FRAME_BYTES * draw((to - from) / FRAME_BYTES), draw) : from + draw(to - from)
      const [name, tail] = tails[at % tails.length] as (typeof tails)[number]
      const wal = Buffer.concat([files.wal.subarray(0, Math.max(from, cut)), tail(to - cut)])
      found.set(`${cut} ${name}`, verdict(await askOf({ ...files, wal }), truth))
    }
    expect([...found].filter(([, one]) => one !== 'right')).toEqual([])
  })

  it('anywhere before is an older server as a whole, with the seals of that time, and never a mixture', async () => {
    const draw = chance(2)
    const seen = new Set<number>()
    const wrong: string[] = []
    for (let at = 0; at < CUTS; at++) {
      const frame = WAL_HEADER_BYTES + FRAME_BYTES * draw((files.wal.length - WAL_HEADER_BYTES) / FRAME_BYTES + 1)
      const cut = at % 2 === 0 ? frame : draw(files.wal.length)
      const state = walEnds.findLastIndex((end) => end <= cut)
      seen.add(state)
      const found = verdict(await askOf({ ...files, wal: files.wal.subarray(0, cut) }), await truthAt(state))
      if (found !== 'right') wrong.push(`cut at ${cut}, state ${state}: ${found}`)
    }
    expect(wrong).toEqual([])
    expect(seen.size).toBeGreaterThan(3)
  })
})

describe('a flipped bit', { timeout: 600_000 }, () => {
  const shapes: readonly [name: string, part: keyof Files, shape: () => Files][] = [
    ['in the tables beside a log', 'db', () => files],
    ['in the log', 'wal', () => files],
    ['in the tables alone', 'db', () => copiedBack('truncate')],
    ['in tables that the log was copied back to', 'db', () => copiedBack('passive')],
    ['in a log that was copied back', 'wal', () => copiedBack('passive')],
  ]
  const seen = { refused: 0, detected: 0, right: 0 }
  for (const [at, [name, part, shape]] of shapes.entries()) {
    it(`[P3] ${name} is refused, found and told, or without effect: no answer is ever wrong, nor after a write`, async () => {
      const whole = shape()
      const last = walEnds.length - 1
      const truth = await truthAt(last)
      const draw = chance(3 + at)
      let older = 0
      const wrong: string[] = []
      for (let flip = 0; flip < FLIPS; flip++) {
        const bit = draw(whole[part].length * 8)
        const asked = await askOf({ ...whole, [part]: flipped(whole[part], bit) })
        const found = verdict(asked, truth)
        if (found === 'detected' && (!asked.isLogged || asked.isReady)) wrong.push(`${bit}: an error that nobody was told of`)
        if (!found.startsWith('wrong')) seen[found as 'refused' | 'detected' | 'right'] += 1
        // What was flushed last and is nowhere else: nobody can tell its damage from a power cut in its midst.
        else if (isInLast(whole, part, bit) && verdict(asked, await truthAt(last - 1)) === 'right') older += 1
        else wrong.push(`bit ${bit} of ${part}: ${found}`)
      }
      expect(wrong).toEqual([])
      expect(older).toBeLessThanOrEqual(FLIPS / 2)
    })
  }

  it('was met in each way: refused, found, and without effect', () => {
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0)
  })

  const isInLast = ({ db }: Files, part: keyof Files, bit: number): boolean =>
    part === 'wal' && db === files.db && bit >> 3 >= (walEnds.at(-2) as number)
})

function read(file: string): Files {
  return { db: readFileSync(file), wal: readFileSync(`${file}-wal`) }
}

function written({ db, wal }: Files): string {
  copies += 1
  const file = join(folder, `copy-${copies}.db`)
  writeFileSync(file, db)
  writeFileSync(`${file}-wal`, wal)
  return file
}

async function askOf(damaged: Files): Promise<Asked> {
  const file = written(damaged)
  const asked = await ask(file, standings)
  for (const part of ['', '-wal', '-shm']) rmSync(`${file}${part}`, { force: true })
  return asked
}

const truths = new Map<number, Promise<Asked>>()
/** What the sound file answers that ended after so many transactions of the log. */
function truthAt(state: number): Promise<Asked> {
  const truth = truths.get(state) ?? askOf({ ...files, wal: files.wal.subarray(0, walEnds[state]) })
  truths.set(state, truth)
  return truth
}

/** The same contents, as a checkpoint leaves them; the log stays where it is `passive`. */
function copiedBack(mode: 'passive' | 'truncate'): Files {
  const file = written(files)
  const db = new DatabaseSync(file)
  db.exec(`pragma wal_checkpoint(${mode})`)
  const copied = read(file)
  db.close()
  return copied
}

/** Where copies stand that have a part of each space, with the seals that they would have. */
async function standingsIn(sound: Files): Promise<Standings> {
  const file = written(sound)
  const { reads, readsOfBob } = await ask(file, standings)
  const db = new DatabaseSync(file)
  const since = 20
  const standingOf = (user: string, space: string) => {
    const pages = (user === USERS[0] ? reads : readsOfBob).map(({ text }) => JSON.parse(text) as { space?: string; seal: string })
    const tag = pages.find((page) => page.space === space)?.seal.split(/[-~]/)[1]
    return { since, seal: `${db.prepare('select seal from commits where space = ? and version = ?').get(space, since)?.seal}-${tag}` }
  }
  const known = USERS.flatMap((user) => SPACES.map((space) => [`${user} ${space}`, standingOf(user, space)] as const))
  db.close()
  return new Map(known)
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
  return copy
}

/** The frames of this log as another one would have them: with salts of its own. */
function otherLog(): Buffer {
  const other = Buffer.from(files.wal.subarray(WAL_HEADER_BYTES))
  for (let at = 8; at < other.length; at += FRAME_BYTES) other[at] = (other[at] as number) ^ 0xff
  return other
}

function noise(length: number): Buffer {
  const draw = chance(9)
  return Buffer.from(Array.from({ length }, () => draw(256)))
}

const near = (at: number, draw: (below: number) => number): number => at + draw(5) - 2

/** Chance that a failure repeats: a linear congruential generator (Numerical Recipes). */
function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * Math.floor(below))
  }
}
