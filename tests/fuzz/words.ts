import { createHash, createHmac } from 'node:crypto'

/** What the fuzzed server's tokens are signed with: the same in every run, so that an input is the same bytes again. */
export const SECRET = 'a secret for the fuzzer, of forty bytes.'

const base64url = (text: string) => Buffer.from(text).toString('base64url')

function signed(claims: object, header: object = { alg: 'HS256', typ: 'JWT' }, secret = SECRET): string {
  const said = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`
  return `${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`
}

/** In the year 2100. */
const END_S = 4_102_444_800

export const USER = 'fuzzer'
export const TOKEN = signed({ sub: USER, exp: END_S })

/** Tokens that are good, or nearly: each is bytes that some end could have made. */
export const TOKENS_SHOWN: readonly string[] = [
  TOKEN,
  signed({ sub: 'other', exp: END_S }),
  signed({ sub: USER, tenant: 'elsewhere', exp: END_S }),
  signed({ sub: USER }),
  signed({ sub: USER, exp: 1 }),
  signed({ sub: USER, exp: 1e300 }),
  signed({ sub: USER, exp: '4102444800' }),
  signed({ sub: '__proto__', exp: END_S }),
  signed({ sub: { toString: 1 }, exp: END_S }),
  signed({ sub: "'; drop table documents; --", exp: END_S }),
  signed({ sub: USER, exp: END_S, nbf: 1e12 }),
  signed({ sub: USER, exp: END_S }, { alg: 'none' }),
  signed({ sub: USER, exp: END_S }, { alg: 'HS512' }),
  signed({ sub: USER, exp: END_S }, { alg: 'HS256', crit: ['b64'], b64: false }),
  signed({ sub: USER, exp: END_S }, { alg: 'HS256' }, 'another secret'),
  `${base64url('{"alg":"HS256"}')}.${base64url('['.repeat(5000))}.AAAA`,
  `${TOKEN}.${TOKEN}`,
  'a.b.c',
  '..',
  '',
]

const KEY_ID = 'f022e40123456789'
const KEY_SECRET = 'A'.repeat(43)
export const API_KEY = `tm_${KEY_ID}_${KEY_SECRET}`
/** As `tidemark keys` keeps it. */
export const API_KEY_RECORD = {
  id: KEY_ID,
  secretSha256: createHash('sha256').update(KEY_SECRET).digest('hex'),
  tenant: 'default',
  name: 'fuzzer',
  scopes: ['commit:*'],
  createdMs: 1,
}

/** Good ones more often than others. */
const often = <T>(good: readonly T[], others: readonly T[]): readonly T[] => [...Array.from({ length: 5 }, () => good).flat(), ...others]
export const SPACES = often(
  ['room:a', 'box:a', 'box:b', `user:${USER}`],
  ['room:b', 'box', 'box:ro-a', 'box:no-a', 'user:other', 'live:1', 'room:__proto__', `room:${'x'.repeat(128)}`],
)
export const COLLECTIONS = often(['open', 'own', 'recent', 'messages', 'chats'], ['shut', 'profile', 'nothing', 'a'.repeat(64)])
export const IDS: readonly string[] = ['m1', 'm2', 'a', 'ä', 'x'.repeat(128), "it's", '😀', 'toString']
