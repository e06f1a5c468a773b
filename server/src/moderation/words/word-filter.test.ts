// Goal: the filter finds what a person would read, whatever is put around it, and costs one pass. Method: cases by name; against a matcher
// that tries every word at every place; hostile texts against the time of plain ones; its pace beside a loop over the same characters.
import { foldCharacter, foldWord, type ListedWord, WORD_LENGTH_MAX } from '@tidemark/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { STAND_INS } from './stand-ins.ts'
import { type Found, WordFilter } from './word-filter.ts'

type Listed = Pick<ListedWord, 'word' | 'action'>
const ROUNDS = process.env.CI === undefined ? 2000 : 50_000

function built(listed: readonly Listed[]): WordFilter {
  const build = WordFilter.build(listed)
  for (;;) {
    const { done, value } = build.next()
    if (done) return value
  }
}
const masking = (...words: string[]) => built(words.map((word) => ({ word, action: 'mask' as const })))

describe('the word filter', () => {
  it.each([
    ['as it is', 'you fool!', 'you ****!'],
    ['in another case or width', 'FOOL ｆｏｏｌ', '**** ****'],
    ['in letters that look different', 'ḟ𝓸𝑜ℓ', '****'],
    ['with accents, which go with it', 'fo\u0301ol\u0323\u0301.', '*******.'],
    ['with what is not to be seen', 'f\u200bo\u00ado\u2060l', '*******'],
    ['with blanks and points between', 'f o o l, f.o-o_l', '*******, *******'],
    ['over lines', 'f\no\r\no\tl', '********'],
    ['with digits and signs for letters', 'f00l, f00|, foo!', '****, ****, ****'],
    ['with letters of another script', 'fооl', '****'],
    ['inside another word', 'befoolery', 'be****ery'],
    ['twice, one in the other', 'foofool foolfool', 'foo**** ********'],
    ['not, where blanks fall into words', 'if oolong', 'if oolong'],
    ['not, where a word would have to end before its end', 'f o olive', 'f o olive'],
    ['not, where it is another one', 'food fowl f0 0d', 'food fowl f0 0d'],
  ])('finds a word %s', (_, text, masked) => {
    const found = masking('fool').find(text)
    expect(found === undefined ? text : found.action === 'mask' && found.text).toBe(masked)
  })

  it('tells i from l where they are written, and takes 1 and ! for either', () => {
    const text = (said: string) => {
      const found = masking('fail', 'bullshit').find(said)
      return found?.action === 'mask' ? found.text : said
    }
    expect(['fall', 'fa11', 'fa!l', 'bu11sh1t', 'bui1sh1t'].map(text)).toEqual(['fall', '****', '****', '********', 'bui1sh1t'])
  })

  it('takes a number for itself, and never for a word', () => {
    expect(masking('ass', 'tits').find('455 people, 7175 of them')).toBeUndefined()
    expect(masking('ass').find('a55 @$$')).toMatchObject({ text: '*** ***' })
    expect(masking('1488').find('in 1488, not i488')).toMatchObject({ text: 'in ****, not i488' })
  })

  it('reads words that are written without blanks, and what stands between', () => {
    const find = (text: string) => masking('法轮', 'バカ', '바보').find(text)
    expect(find('我说法·轮工')).toMatchObject({ text: '我说***工' })
    expect(find('ﾊﾞｶですね')).toMatchObject({ text: '***ですね' })
    expect(find('はか')).toBeUndefined()
    expect(find('이 바 보야')).toMatchObject({ text: '이 ***야' })
  })

  it('counts code points: a pair is one, and stays whole', () => {
    expect(masking('🖕').find('a🖕🏽b🖕')).toMatchObject({ text: 'a**b*' })
    expect(masking('𠮷').find('𠮷𠮶')).toMatchObject({ text: '*𠮶' })
    expect(masking('ff').find('oﬀ ﬀ')).toMatchObject({ text: 'o* *' })
  })

  it('holds before it drops before it masks, and names the word', () => {
    const filter = built([
      { word: 'mild', action: 'mask' },
      { word: 'Bad', action: 'drop' },
      { word: 'odd', action: 'hold' },
    ])
    expect(filter.find('mild')).toEqual({ action: 'mask', word: 'mild', text: '****' })
    expect(filter.find('bad mild')).toEqual({ action: 'drop', word: 'Bad' })
    expect(filter.find('mild bad odd')).toEqual({ action: 'hold', word: 'odd' })
    expect(filter.find('fine')).toBeUndefined()
    expect(built([]).find('mild')).toBeUndefined()
  })

  it('knows no patterns: a list means what it says', () => {
    expect(masking('.*', 'a+b', '[').find('xxab a.b')).toMatchObject({ text: 'xx** ***' })
    expect(masking('.*').find('anything')).toBeUndefined()
  })

  it('finds what trying every word at every place finds', () => {
    const parts = ['a', 'i', 'l', 's', 'f', '1', '!', '5', '4', '@', 'а', 'A', 'ﬀ', '法', 'が', '🖕', '🏽', '𝐚', 'ß', '\ud800']
    const around = ['.', ' ', '\u200b', '\u0301', '…']
    const text = fc.array(fc.constantFrom(...parts, ...parts, ...around), { maxLength: 30 }).map((all) => all.join(''))
    const word = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 4 }).map((all) => all.join(''))
    const listed = fc.uniqueArray(fc.record({ word, action: fc.constantFrom('mask', 'drop', 'hold') }), {
      selector: (one) => foldWord(one.word),
      maxLength: 12,
    })
    fc.assert(
      fc.property(listed, text, (list, said) => {
        const found = built(list as Listed[]).find(said)
        const naive = tried(list as Listed[], said)
        expect({ ...found, word: undefined }).toEqual({ ...naive.found, word: undefined })
        if (found !== undefined) expect(naive.words).toContain(found.word)
      }),
      { numRuns: ROUNDS },
    )
  })

  it('takes a long text of the worst kind in as many steps as any: time is in proportion to its length', () => {
    const deep = Array.from({ length: WORD_LENGTH_MAX }, (_, at) => ({ word: 'i'.repeat(at + 1), action: 'mask' as const }))
    const near = Array.from({ length: 1000 }, (_, at) => ({ word: `${'a'.repeat(50)}${at}x`, action: 'mask' as const }))
    const hostile: [Listed[], (length: number) => string][] = [
      [deep, (length) => 'i'.repeat(length)],
      [deep, (length) => '1'.repeat(length)],
      [deep, (length) => 'l'.repeat(length)],
      [deep, (length) => 'i '.repeat(length / 2)],
      [deep, (length) => `i ${'\u0301'.repeat(length - 2)}`],
      [deep, (length) => 'i\u200b.'.repeat(length / 3)],
      [near, (length) => 'a'.repeat(length)],
      [near, (length) => `${'a'.repeat(50)}9`.repeat(length / 51)],
    ]
    for (const [list, text] of hostile) {
      const filter = built(list)
      filter.find(text(500))
      let least = Number.POSITIVE_INFINITY
      // Measured, on a machine that does other things: the best of three.
      for (let attempt = 0; attempt < 3; attempt++) {
        const [short, long] = [text(1000), text(8000)]
        const shortMs = cpuMsOf(() => filter.find(short))
        least = Math.min(least, cpuMsOf(() => filter.find(long)) / Math.max(shortMs, 1))
        if (least < 24) break
      }
      expect(least).toBeLessThan(24)
    }
  })

  it('builds 10,000 words in steps of a few ms each, well under a second in all', () => {
    const list = listOf(10_000)
    let all = Number.POSITIVE_INFINITY
    let steps = 0
    for (let attempt = 0; attempt < 3; attempt++) {
      steps = 0
      all = Math.min(
        all,
        cpuMsOf(() => {
          const build = WordFilter.build(list)
          while (!build.next().done) steps += 1
        }),
      )
      if (all < 500) break
    }
    expect(all).toBeLessThan(500)
    expect(steps).toBeGreaterThan(10)
  })

  it('reads 200,000 comments a second on one core with 10,000 words, measured beside a loop over their characters', () => {
    const filter = built(listOf(10_000))
    const comments = commentsOf(20_000)
    let best = { perS: 0, floorPerS: 0 }
    // The best of three: other tests run beside it.
    for (let attempt = 0; attempt < 3; attempt++) {
      let units = 0
      const floorMs = cpuMsOf(() => {
        for (const text of comments) for (let at = 0; at < text.length; at++) units += text.charCodeAt(at)
      })
      let found = 0
      const ms = cpuMsOf(() => {
        for (const text of comments) if (filter.find(text)) found += 1
      })
      expect(units).toBeGreaterThan(0)
      expect(found).toBeGreaterThan(0)
      if (comments.length / ms > best.perS / 1000)
        best = { perS: (comments.length / ms) * 1000, floorPerS: (comments.length / floorMs) * 1000 }
    }
    if (process.env.TIDEMARK_FIGURES !== undefined) console.log(best)
    expect(best.perS).toBeGreaterThan(200_000)
  })
})

/** Time of the processor, in ms, whoever else used it meanwhile. */
function cpuMsOf(work: () => unknown): number {
  const began = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1000
}

/** Always the same words: some of Latin letters, some of Han. */
function listOf(count: number): Listed[] {
  const random = drawn(1)
  const latin = () => Array.from({ length: 4 + random(6) }, () => 'abcdefghijklmnopqrstuvwxyz'[random(26)]).join('')
  const han = () => String.fromCharCode(...Array.from({ length: 2 + random(3) }, () => 0x4e00 + random(3000)))
  return Array.from({ length: count }, (_, at) => ({ word: at % 3 === 0 ? han() : latin(), action: 'mask' as const }))
}

/** Comments of a live show, 4 to 40 characters, in two languages, some with what people put between. */
function commentsOf(count: number): string[] {
  const random = drawn(2)
  const words = [
    'hello',
    'WOW',
    'so good',
    'l33t',
    'first!',
    '😂😂',
    'gg',
    'where is this',
    'encore',
    'ﾊﾞｶ',
    '太棒了',
    '哈哈哈哈',
    '前方高能',
    '666',
  ]
  return Array.from({ length: count }, () => Array.from({ length: 1 + random(5) }, () => words[random(words.length)]).join(' ')).concat(
    listOf(50).map(({ word }) => `well ${word} then`),
  )
}

function drawn(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** The same by trying every word at every place: slow, and plain to see. */
function tried(list: readonly Listed[], text: string): { found: Found | undefined; words: readonly string[] } {
  const read: { unit: string; from: number; to: number; after: number; isOfWord: boolean }[] = []
  let at = 0
  let separators = 0
  for (const character of text) {
    const folded = foldCharacter(character)
    const from = at
    at += character.length
    if (folded === undefined) separators += 1
    else
      for (let unit = 0; unit < folded.length; unit++)
        read.push({
          unit: folded[unit] as string,
          from,
          to: at,
          after: separators,
          isOfWord: /^(?![\u3040-\u30ff\p{Script=Han}])[\p{L}\p{N}]$/u.test(folded[unit] as string),
        })
  }
  const goesOnAt = (place: number) => {
    const [before, after] = [read[place - 1], read[place]]
    return before !== undefined && after !== undefined && before.after === after.after && before.isOfWord && after.isOfWord
  }
  const matches = list.flatMap(({ word, action }) => {
    const folded = foldWord(word)
    if (folded === '') return []
    return read.flatMap((first, start) => {
      const said = read.slice(start, start + folded.length)
      const last = said.at(-1)
      if (said.length < folded.length || last === undefined) return []
      const reads = said.every(({ unit }, place) => unit === folded[place] || STAND_INS[folded[place] as string]?.includes(unit))
      const text = said.map(({ unit }) => unit).join('')
      if (!reads || (/^\d+$/.test(text) && text !== folded)) return []
      if (first.after !== last.after && (goesOnAt(start) || goesOnAt(start + folded.length))) return []
      return [{ word, action, from: first.from, to: last.to }]
    })
  })
  const action = (['hold', 'drop', 'mask'] as const).find((one) => matches.some((match) => match.action === one))
  if (action === undefined) return { found: undefined, words: [] }
  const words = matches.filter((match) => match.action === action).map(({ word }) => word)
  if (action !== 'mask') return { found: { action, word: '' }, words }
  let masked = ''
  let place = 0
  let isOnWord = false
  for (const character of text) {
    const isInside = matches.some(({ from, to }) => place >= from && place < to)
    isOnWord = isInside || (isOnWord && foldCharacter(character) === '')
    masked += isOnWord ? '*' : character
    place += character.length
  }
  return { found: { action, word: '', text: masked }, words }
}
