import type { DocumentRow, Replica, Space } from '@tidemark/client'
import type { app, Message } from '../../app.ts'

/** The engine's types, told of this app once. */
export type DemoReplica = Replica<typeof app>
export type Room = Space<typeof app, 'room'>
export type UserSpace = Space<typeof app, 'user'>
export type MessageRow = DocumentRow<Message>
