/** The little that a gateway needs of a WebSocket, so that a simulation can stand in for the network. */
export interface GatewaySocket {
  /** Hands over one text frame. Never throws, also after the end. */
  send(text: string): void
  /** Closing handshake. `code` as in protocol §9. */
  close(code: number, reason: string): void
  /** Ends it at once, without a handshake: the only way to be rid of a stalled peer. */
  terminate(): void
  /** Bytes handed over that the peer's system has not taken yet. */
  readonly bufferedBytes: number
  /** Stops reading; a few frames that were read already may still arrive. */
  pause(): void
  resume(): void
  /** It lasts for one answer, which is to be whole, and another one follows it [B10]. */
  readonly isPoll?: true
}

/** What a socket tells the gateway. `closed` comes last, once. */
export interface SocketEvents {
  text(frame: string): void
  /** A binary frame: nothing in the protocol is binary. */
  binary(): void
  /** Some of the buffered bytes left. */
  drained(): void
  closed(): void
}
