import { utf8Bytes } from '@tidemark/shared'
import type { Way } from '../connection/tap.ts'

/** Of a longer one only its kind and size are read, in characters. */
const READ_MAX = 1_000_000
/** Spaces that are named of one frame. */
const SPACES_MAX = 20

/** A range that came, pushed or asked for. */
export interface RangeFacts {
  readonly space: string
  readonly from: number
  readonly to: number
  readonly reset?: string | undefined
  /** The server sent it by itself. */
  readonly pushed: boolean
}

/** What is kept of a frame, or of the answer to a request: nothing that an app or a person wrote, and no token. */
export interface FrameFacts {
  readonly way: 'out' | 'in'
  /** The frame's `t`; `pull` and `older`: answers to requests. */
  readonly kind: string
  readonly bytes: number
  readonly spaces: readonly string[]
  /** Numbers and codes alone. */
  readonly detail: string
  readonly code?: string | undefined
  readonly range?: RangeFacts | undefined
}

type Fields = Readonly<Record<string, unknown>>

/** Never throws: what is no frame of this protocol is `unreadable`. */
export function readFrame(way: Way, text: string): FrameFacts {
  const request = way === 'out' || way === 'in' ? undefined : requestOf(way)
  const frame = fieldsOf(text)
  const kind = request?.kind ?? name(frame?.t) ?? /^\{"t":"([a-z]{1,20})"/.exec(text)?.[1] ?? 'unreadable'
  const error = fields(frame?.error)
  const code = name(error?.code)
  const facts = { way: way === 'out' ? 'out' : 'in', kind, bytes: utf8Bytes(text), code } as const
  if (request) {
    const range = request.kind === 'pull' && frame ? rangeOf(frame, false) : undefined
    return { ...facts, spaces: [request.space], detail: code ?? detailOf(request.kind === 'lane' ? 'lane' : 'range', frame ?? {}), range }
  }
  if (!frame) return { ...facts, spaces: [], detail: '' }
  return {
    ...facts,
    spaces: spacesOf(kind, frame).slice(0, SPACES_MAX),
    detail: detailOf(kind, frame),
    range: kind === 'range' ? rangeOf(frame, true) : undefined,
  }
}

function fieldsOf(text: string): Fields | undefined {
  if (text.length > READ_MAX) return undefined
  try {
    return fields(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Of requests, by what stands behind their space. */
const KINDS: Readonly<Record<string, string>> = { changes: 'pull', lanes: 'lane' }

function requestOf(path: string): { readonly kind: string; readonly space: string } {
  const [space = '', what = ''] = path.split(/[/?]/)
  return { kind: KINDS[what] ?? 'older', space: decodeURIComponent(space) }
}

function spacesOf(kind: string, frame: Fields): readonly string[] {
  switch (kind) {
    case 'hello':
    case 'follow':
      return Object.keys(fields(frame.spaces) ?? {})
    case 'unfollow':
      return list(frame.spaces).filter((space) => typeof space === 'string')
    case 'welcome':
    case 'heads':
      return Object.keys(fields(frame.heads) ?? {})
    case 'mutate':
      return distinct(list(frame.mutations).map((mutation) => fields(mutation)?.space))
    case 'ack':
      return distinct(list(frame.acks).flatMap((ack) => Object.keys(fields(fields(ack)?.in) ?? {})))
    default:
      return distinct([frame.space])
  }
}

function detailOf(kind: string, frame: Fields): string {
  const code = name(fields(frame.error)?.code)
  const parts: (string | undefined)[] = []
  switch (kind) {
    case 'range': {
      const { from, to, changes, docs } = frame
      if (isNumber(from) && isNumber(to)) parts.push(`${from} → ${to}`)
      parts.push(counted(list(changes ?? docs).length, 'change'))
      parts.push(name(frame.reset) && `reset: ${frame.reset}`, frame.compacted === true ? 'compacted' : undefined)
      break
    }
    case 'tick':
      parts.push(counted(list(frame.items).length, 'item'), isNumber(frame.cut) && frame.cut > 0 ? `${frame.cut} cut` : undefined)
      break
    case 'mutate':
      parts.push(numbers(list(frame.mutations)))
      break
    case 'ack': {
      const refused = list(frame.acks).filter((ack) => fields(fields(ack)?.error)).length
      parts.push(numbers(list(frame.acks)), refused > 0 ? `${refused} refused` : undefined)
      break
    }
    case 'hello':
    case 'beat':
      parts.push(frame.probe === true ? 'probe' : undefined, isNumber(frame.nextS) ? `next within ${frame.nextS} s` : undefined)
      break
    case 'behind':
      parts.push(isNumber(frame.head) ? `head ${frame.head}` : undefined)
  }
  return [...parts, code].filter((part) => part !== undefined && part !== '').join(', ')
}

function rangeOf({ space, from, to, reset }: Fields, pushed: boolean): RangeFacts | undefined {
  return typeof space === 'string' && isNumber(from) && isNumber(to) ? { space, from, to, reset: name(reset), pushed } : undefined
}

/** `#4 to #6`. */
function numbers(items: readonly unknown[]): string | undefined {
  const all = items.map((item) => fields(item)?.n).filter(isNumber)
  const [first] = all
  return all.length > 1 ? `#${first} to #${all.at(-1)}` : first === undefined ? undefined : `#${first}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function distinct(values: readonly unknown[]): readonly string[] {
  return [...new Set(values)].filter((value) => typeof value === 'string')
}

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

/** One of the protocol's own words: no text that somebody wrote. */
function name(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z-]{1,24}$/.test(value) ? value : undefined
}
