/** The server answered, and not with what was asked for. `message` is its own. */
export class RefusedAnswer extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** The body of an answer. Throws RefusedAnswer. */
export async function answerOf<T>(answer: Response): Promise<T> {
  const body: unknown = await answer.json().catch(() => undefined)
  if (answer.ok && body !== undefined) return body as T
  const error = (body as { error?: { code?: string; message?: string } } | undefined)?.error
  throw new RefusedAnswer(answer.status, error?.code ?? 'internal', error?.message ?? `The server answered ${answer.status}.`)
}
