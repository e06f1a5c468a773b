import { HELLOS_PER_S } from '../admission.ts'

/** Every bound of a gateway, each with its unit in its name. What the protocol itself bounds stands in LIMITS. */
export interface GatewayBounds {
  /** Sockets held at once; past them one is sent away with its first word. */
  readonly connectionsMax: number
  /** Sockets whose hello has not come; past them the one that waits longest is cut off for the newest. */
  readonly greetingsMax: number
  /** The same for one address; past them its handshakes are refused as rate-limited. */
  readonly greetingsPerAddressMax: number
  /** Hellos answered a second, in the long run: so fast a crowd is taken back, and so wide is the window in which it is asked to come. */
  readonly hellosPerS: number
  /** Addresses whose hellos are counted, and as many whose pulls are, each for itself; past them the one that came longest ago is forgotten. */
  readonly addressesMax: number
  /** Unsent bytes of one connection past which a live follow ends with `behind`, and no further frame of it is read [B5]. */
  readonly bufferedBytesMax: number
  /** Unsent bytes of one connection past which it is cut off. */
  readonly bufferedBytesCutOff: number
  /** How long a connection may take nothing of what waits for it, in ms, whatever it says meanwhile; past it, it is cut off. A page takes so long at 1 kB a second. */
  readonly stillMs: number
  /** Unsent bytes above which a copy that is catching up waits for its reader before the next page. */
  readonly catchUpBufferedBytes: number
  /** Bytes pushed to one copy on its way to the head; past them it is told `behind` and pulls. */
  readonly catchUpBytesMax: number
  /** Bounds of one pushed page. */
  readonly pageChangesMax: number
  readonly pageBytesMax: number
  /** Ranges asked for at once on behalf of one connection. */
  readonly asksPerConnectionMax: number
  /** Frames and bytes of one connection that wait their turn before its socket is paused. */
  readonly queueFramesMax: number
  readonly queueBytesMax: number
  /** Frames waiting, arrived in spite of the pause, past which the connection is cut off. */
  readonly queueFramesCutOff: number
  /** Frames and characters of one connection that are served before the event loop goes round. */
  readonly framesPerTurn: number
  readonly charactersPerTurn: number
  /** Frames of one connection that are served in one burst, and how many a second after that; more wait their time. */
  readonly framesBurst: number
  readonly framesPerS: number
  /** Commits that come within this time of the last fan-out leave as one wider range, in ms. */
  readonly gatherMs: number
  /**
   * How often the gateway checks itself against the backend, and its readers against their rights, in ms [B6]. A reader of three spaces costs 24 µs a round
   * where rules answer at once: at 10,000 of them 5 % of a core, and three questions each to a rule that asks a database. Who cannot wait says `rightsChanged`.
   */
  readonly checkMs: number
  /** Connections whose rights are checked at once, and spaces stated at once. */
  readonly checksAtOnceMax: number
  readonly statedAtOnceMax: number
  /** A backend that has not answered by then counts as unavailable, in ms. */
  readonly answerWithinMs: number
  readonly mutateWithinMs: number
  /** How long before a token ends its connection is told so, that a fresh one may come in place; of a token that lives less than twice as long, at half its time. */
  readonly tokenNoticeMs: number
  /** How long a connection outlives its token: for one more fetch by the app, its way here and its check. */
  readonly tokenGraceMs: number
  /** Ranges kept for readers who come to the same place later, over all spaces: how many, and their characters. */
  readonly recentRangesMax: number
  readonly recentCharactersMax: number
  /** Spaces that `follow` may state in one burst, and how many a second after that. */
  readonly statementsBurst: number
  readonly statementsPerS: number
  /** Tokens that `auth` may show in one burst, and how many a second after that: no more often than rights are checked anyway. */
  readonly authsBurst: number
  readonly authsPerS: number
  /** Lanes that one connection follows, and questions for their rings that are under way at once. */
  readonly lanesMax: number
  /** A ring that has not come by then is unavailable, in ms: a beat waits for it. */
  readonly ringWithinMs: number
  /** Characters of a ring's ticks that are sent to a new follower, the newest of them. */
  readonly ringCharactersMax: number
  /** Unsent bytes of one connection past which it misses ticks: they are worth little when they are old. */
  readonly ticksBufferedBytesMax: number
  /** Frames of a lane that wait for a follower whose ring is on its way, or for a crowd that is still being given those before; past them the oldest is missed. */
  readonly laneFramesWaitingMax: number
  /** Followers, of all lanes together, that are given a tick before the event loop goes round. */
  readonly tickReadersPerTurn: number
  /** How long a user counts as there after the end of a poll, which the next one follows, and after `behind`, which a pull and a follow do, in ms. */
  readonly presentAfterPollMs: number
  readonly presentBehindMs: number
  /** Says of one connection in one burst, and how many a second after that. How much a user may say is for moderation to decide. */
  readonly saysBurst: number
  readonly saysPerS: number
  /** Says of one connection that wait for those before, and their characters, the one that is being said included. */
  readonly saysWaitingMax: number
  readonly saysWaitingCharactersMax: number
}

export const GATEWAY_BOUNDS: GatewayBounds = {
  connectionsMax: 100_000,
  greetingsMax: 10_000,
  greetingsPerAddressMax: 1000,
  hellosPerS: HELLOS_PER_S,
  addressesMax: 10_000,
  bufferedBytesMax: 1_048_576,
  bufferedBytesCutOff: 8 * 1_048_576,
  stillMs: 300_000,
  catchUpBufferedBytes: 262_144,
  catchUpBytesMax: 4 * 1_048_576,
  pageChangesMax: 1000,
  pageBytesMax: 262_144,
  asksPerConnectionMax: 8,
  queueFramesMax: 64,
  queueBytesMax: 2 * 1_048_576,
  queueFramesCutOff: 65_536,
  framesPerTurn: 16,
  charactersPerTurn: 65_536,
  framesBurst: 4000,
  framesPerS: 2000,
  gatherMs: 10,
  checkMs: 5000,
  checksAtOnceMax: 16,
  statedAtOnceMax: 1000,
  answerWithinMs: 20_000,
  mutateWithinMs: 60_000,
  tokenNoticeMs: 60_000,
  tokenGraceMs: 30_000,
  recentRangesMax: 10_000,
  recentCharactersMax: 32 * 1_048_576,
  statementsBurst: 2000,
  statementsPerS: 100,
  authsBurst: 5,
  authsPerS: 0.2,
  lanesMax: 100,
  ringWithinMs: 3000,
  ringCharactersMax: 524_288,
  ticksBufferedBytesMax: 262_144,
  laneFramesWaitingMax: 64,
  tickReadersPerTurn: 500,
  presentAfterPollMs: 10_000,
  presentBehindMs: 30_000,
  saysBurst: 100,
  saysPerS: 50,
  saysWaitingMax: 32,
  saysWaitingCharactersMax: 65_536,
}
