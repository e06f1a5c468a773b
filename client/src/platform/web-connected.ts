// What a page loads beside opening, in one piece: what connects, and by which transport.
export { connect } from '../connected.ts'
export { webTransport } from './web-transport.ts'
