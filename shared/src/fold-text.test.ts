import { describe, expect, it } from 'vitest'
import { foldCharacter, foldWord } from './fold-text.ts'

describe('foldWord', () => {
  it.each([
    ['case', 'BaDWorD', 'badword'],
    ['full width', 'ＢＡＤ　Ｗｏｒｄ', 'badword'],
    ['forms that are compatible', '𝓑𝒶𝐝 ﬀ ① ㏎ ™', 'badff1kmtm'],
    ['accents, and heaps of them', 'b̸̡̛̖á̷̈́d̴̗͒', 'bad'],
    ['zero width, soft hyphens, marks of direction', 'b\u200ba\u200d\u00add\u2060\u202e', 'bad'],
    ['blanks and punctuation', 'b.a-d\tw_o*r d', 'badword'],
    ['letters whose capital is longer', 'Straße', 'strasse'],
    ['dotted and dotless i', 'İı', 'ii'],
    ['Han, which stays as it is', '法 轮·功', '法轮功'],
    ['narrow kana with its voicing mark', 'ﾊﾞｶ', 'バカ'.normalize('NFKD')],
    ['Hangul, written by letter or by syllable', '바보', '바보'.normalize('NFD')],
    ['emoji without skin tone and joiners', '🖕🏽 👨‍👩‍👧', '🖕👨👩👧'],
    ['signs that stand for letters', 'a$$ h@t! |', 'a$$h@t!|'],
    ['vowel signs of a script, which are letters', 'कि का', 'किका'],
    ['halves of a pair', 'a\ud800b', 'ab'],
  ])('%s', (_, word, folded) => {
    expect(foldWord(word)).toBe(folded)
  })

  it('is the same again for what is folded', () => {
    for (let code = 0; code < 0x30000; code += 7) {
      const folded = foldWord(String.fromCodePoint(code))
      expect(foldWord(folded), code.toString(16)).toBe(folded)
    }
  })

  it('tells what separates from what is not to be seen', () => {
    expect([foldCharacter('.'), foldCharacter('\u200b'), foldCharacter('A')]).toEqual([undefined, '', 'a'])
  })
})
