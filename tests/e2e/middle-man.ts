import type { Page, WebSocketRoute } from 'playwright-core'

type Frame = { readonly t: string; readonly [field: string]: unknown }
/** What goes on instead of a frame: the frame, another one, or nothing. */
type Edit = (frame: Frame) => Frame | undefined

/** Stands between a page and its server, on live connections. */
export interface MiddleMan {
  /** Edits what the server says from now on. */
  server(edit: Edit): void
  /** Edits what the page says from now on; `answer` speaks to the page in the server's place. */
  page(edit: (frame: Frame, answer: (frame: Frame) => void) => Frame | undefined): void
  /** Ends the present connection, and every later one at once, until told otherwise. */
  refuse(refused: boolean): void
}

/** Before the page opens. Polls do not get past it: what a page says and hears goes through its sockets alone [B10]. */
export async function middleMan(page: Page): Promise<MiddleMan> {
  let fromServer: Edit = (frame) => frame
  let fromPage: (frame: Frame, answer: (frame: Frame) => void) => Frame | undefined = (frame) => frame
  let refused = false
  const sockets = new Set<WebSocketRoute>()
  await page.route(/\/v1\/(connect|poll)$/, (route) => route.abort())
  await page.routeWebSocket(/\/v1\/connect$/, (socket) => {
    if (refused) return void socket.close()
    sockets.add(socket)
    const server = socket.connectToServer()
    const answer = (frame: Frame) => socket.send(JSON.stringify(frame))
    server.onMessage((text) => {
      const frame = fromServer(JSON.parse(String(text)))
      if (frame !== undefined) answer(frame)
    })
    socket.onMessage((text) => {
      const frame = fromPage(JSON.parse(String(text)), answer)
      if (frame !== undefined) server.send(JSON.stringify(frame))
    })
  })
  return {
    server(edit) {
      fromServer = edit
    },
    page(edit) {
      fromPage = edit
    },
    refuse(now) {
      refused = now
      if (!now) return
      for (const socket of sockets) void socket.close()
      sockets.clear()
    },
  }
}
