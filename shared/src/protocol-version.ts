/** The protocol that this build speaks. Each change of the wire has a line in docs/protocol-history.md. */
export const PROTOCOL = 1
/** The oldest protocol that a server of this build still serves. */
export const PROTOCOL_SERVED_FROM = 1
/** What a client offers at the handshake. Source: protocol §4. */
export const SUBPROTOCOL = `tidemark.${PROTOCOL}`
