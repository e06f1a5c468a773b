import { BadRequestError, TooLargeError } from '@tidemark/shared'

/** The body of a request as text, counted while it comes in, so that no body takes more memory than `bytesMax`. Throws TooLargeError or BadRequestError. */
export async function boundedBody(request: Request, bytesMax: number): Promise<string> {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding.toLowerCase() !== 'identity') throw new BadRequestError('a compressed body: send it as it is')
  const stated = request.headers.get('content-length')
  if (Number(stated ?? 0) > bytesMax) throw tooLarge(bytesMax)
  const body = await taken(request, stated, bytesMax)
  if (body.byteLength > bytesMax) throw tooLarge(bytesMax)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw new BadRequestError('the body is not UTF-8', { cause })
  }
}

async function taken(request: Request, stated: string | null, bytesMax: number): Promise<ArrayBuffer | Uint8Array> {
  try {
    // Node takes no byte more than was stated, and a body that is read whole needs no stream of its own.
    return stated === null ? await counted(request, bytesMax) : await request.arrayBuffer()
  } catch (cause) {
    // A peer that goes away in mid-body is no failure of ours.
    throw cause instanceof TooLargeError ? cause : new BadRequestError('the body ended before it was whole', { cause })
  }
}

async function counted(request: Request, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge(bytesMax: number): TooLargeError {
  return new TooLargeError(`a body of more than ${bytesMax} bytes`)
}
