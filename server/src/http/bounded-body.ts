import { BadRequestError, TooLargeError } from '@tidemark/shared'

/** The body of a request as text, counted while it comes in, so that no body takes more memory than `bytesMax`. Throws TooLargeError or BadRequestError. */
export async function boundedBody(request: Request, bytesMax: number): Promise<string> {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding.toLowerCase() !== 'identity') throw new BadRequestError('a compressed body: send it as it is')
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax)
  if (request.body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (cause) {
    throw new BadRequestError('the body is not UTF-8', { cause })
  }
}

function tooLarge(bytesMax: number): TooLargeError {
  return new TooLargeError(`a body of more than ${bytesMax} bytes`)
}
