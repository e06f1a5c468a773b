/** A live connection; what comes of one after it was closed here is ignored. */
export interface LiveSocket {
  /** From `opened` on, the address whose path this socket keeps open; undefined where it is made of requests, so that its silence tells nothing. */
  readonly endpoint?: string | undefined
  /** Only after `opened`; does nothing once it is over. */
  send(text: string): void
  /** Ends it at once, whatever the peer does. */
  close(): void
}

export interface LiveEvents {
  opened(): void
  frame(text: string): void
  /** Whatever the reason, perhaps twice; `code` is the WebSocket's, 1006 where there was none. */
  closed(code: number): void
}

export interface HttpAnswer {
  readonly status: number
  /** Without parameters, in lower case; the empty text where there was none. */
  readonly contentType: string
  readonly text: string
}

/** A GET, or a POST of JSON where there is a body. */
export interface HttpRequest {
  /** From `/v1/` on, query included. */
  readonly path: string
  readonly token: string
  readonly body?: string | undefined
  readonly timeoutMs: number
  /** The answer begins within that, in ms; a long one takes its time from there on. */
  readonly beginsMs?: number | undefined
  /** Ends it sooner, in place of both. */
  readonly signal?: AbortSignal | undefined
}

/** The network, to one server. */
export interface Transport {
  connect(events: LiveEvents): LiveSocket
  /** Rejects when no answer came in time. */
  request(request: HttpRequest): Promise<HttpAnswer>
}
