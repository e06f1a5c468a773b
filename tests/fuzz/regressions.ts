import type { Input } from './input.ts'

const frame = (text: string): Input => ({ door: 'frame', bytes: Buffer.from(text), binary: false })
const batch = (mutation: string) =>
  frame(`{"t":"mutate","client":"c_ilVh1c_T1rkA3f2zkfwMVX","on":"","mutations":[{"n":1,"nonce":"4126d6a3bffdc6d2",${mutation}}]}`)

/** What was once taken badly, by what it is. */
export const REGRESSIONS: readonly (readonly [what: string, input: Input])[] = [
  [
    'a mutation whose name is an object that no text can be made of: it was answered internal, again and again, and never refused',
    batch('"space":"box:a","name":{"toString":1},"args":{}'),
  ],
  [
    'a say with a number past every double: it was answered with the number null',
    frame('{"t":"say","space":"live:1","lane":"danmu","n":-1e400,"body":{}}'),
  ],
  [
    'a label that is called toString',
    frame('{"t":"hello","client":"c_ilVh1c_T1rkA3f2zkfwMVX","token":"a","spaces":{},"nextS":1,"app":"1","labels":{"toString":"x"}}'),
  ],
  [
    'a document with a field that is called toString',
    batch('"space":"box:a","name":"put","args":{"c":"open","id":"a","doc":{"toString":{"valueOf":1}}},"madeMs":1'),
  ],
  [
    'a patch of fields that are called toString and valueOf',
    batch('"space":"box:a","name":"patch","args":{"c":"open","id":"a","inc":{"valueOf":1},"append":{"toString":[1]}},"madeMs":1'),
  ],
  ['a field of a mutation that is called toString', batch('"toString":1,"space":"box:a","name":"put","args":{},"madeMs":1')],
]
