/** A live connection as the machine sees it; callbacks of one that was closed here never come. */
export interface LiveSocket {
  send(text: string): void
  /** Ends it at once, whatever the peer does. */
  close(): void
}

export interface LiveEvents {
  opened(): void
  frame(text: string): void
  /** Once, whatever the reason; `code` is the WebSocket's, 1006 where there was none. */
  closed(code: number): void
}

export interface HttpAnswer {
  readonly status: number
  /** Without parameters, in lower case; the empty text where there was none. */
  readonly contentType: string
  readonly text: string
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  /** From `/v1/` on, query included. */
  readonly path: string
  readonly token: string
  readonly body?: string
  readonly timeoutMs: number
}

/** The network, to one server. */
export interface Transport {
  connect(events: LiveEvents): LiveSocket
  /** Rejects when no answer came in time. */
  request(request: HttpRequest): Promise<HttpAnswer>
}
