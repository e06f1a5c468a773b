import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { Arriving } from './arriving.ts'
import { LastEncoded, WsSocket } from './ws-socket.ts'

/** As much of a `ws` socket as the adapter touches. */
class StubWs extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  bufferedAmount = 0
  terminated = 0
  readonly sent: { data: Buffer; binary: boolean; done: () => void }[] = []

  terminate(): void {
    this.terminated++
  }

  send(data: Buffer, { binary }: { binary: boolean }, done: () => void): void {
    this.sent.push({ data, binary, done })
  }
}

function attached() {
  const stub = new StubWs()
  const told: string[] = []
  const socket = new WsSocket(stub as unknown as WebSocket, new LastEncoded(), new Arriving(100))
  const stream = new PassThrough()
  socket.attach(
    stream,
    {
      text: (frame) => told.push(`text ${frame}`),
      binary: () => told.push('binary'),
      drained: () => told.push('drained'),
      closed: () => told.push('closed'),
    },
    ({ message }) => told.push(`error ${message}`),
  )
  return { stub, socket, stream, told }
}

describe('WsSocket', () => {
  it('tells the gateway what comes, what leaves, and the end', () => {
    const { stub, socket, told } = attached()
    stub.emit('message', Buffer.from('héllo'), false)
    stub.emit('message', Buffer.from([0]), true)
    socket.send('frame')
    expect(told).toEqual(['text héllo', 'binary'])
    stub.sent[0]?.done()
    stub.emit('error', new Error('reset'))
    stub.emit('close', 1006)
    expect(told.slice(2)).toEqual(['drained', 'error reset', 'closed'])
  })

  it('sends text, and nothing to a socket that is not open', () => {
    const { stub, socket } = attached()
    socket.send('one')
    stub.readyState = 2
    socket.send('two')
    expect(stub.sent.map(({ data, binary }) => [data.toString(), binary])).toEqual([['one', false]])
  })

  it('whose frames never become whole is cut off, past the bound for all of them', () => {
    const { stub, stream } = attached()
    for (let n = 0; n < 3; n++) {
      stream.emit('data', Buffer.alloc(60))
      stub.emit('message', Buffer.from('whole'), false)
    }
    stream.emit('data', Buffer.alloc(60))
    expect(stub.terminated).toBe(0)
    stream.emit('data', Buffer.alloc(60))
    expect(stub.terminated).toBe(1)
  })

  it('one text in a row is encoded once', () => {
    const encoded = new LastEncoded()
    expect(encoded.bytesOf('a')).toBe(encoded.bytesOf('a'))
    expect(encoded.bytesOf('b').toString()).toBe('b')
    expect(encoded.bytesOf('a').toString()).toBe('a')
  })
})
