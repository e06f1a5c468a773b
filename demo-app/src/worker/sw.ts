import { flushOnSync } from '@tidemark/client/service-worker'
import { createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'
import { app } from '../../app.ts'
import { prefersOfflineInWorker } from '../network/offline-choice.ts'
import { fetchToken } from '../session/fetch-token.ts'

declare global {
  interface Window {
    /** The files of the build, written here by it. */
    readonly __WB_MANIFEST: Parameters<typeof precacheAndRoute>[0]
    skipWaiting(): Promise<void>
  }
}

/** What the server answers itself: never the page. */
const SERVER_PATHS = [/^\/v1\//, /^\/healthz$/, /^\/readyz$/, /^\/metrics$/, /^\/console(\/|$)/]

// Without a network the page comes from here.
precacheAndRoute(self.__WB_MANIFEST)
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: SERVER_PATHS }))

// A newer build waits until the person takes it.
addEventListener('message', ({ data }: MessageEvent<{ type?: string } | undefined>) => {
  if (data?.type === 'SKIP_WAITING') void self.skipWaiting()
})

// What was written without a network is sent once there is one, whether the page is open or not.
flushOnSync({
  app,
  url: location.origin,
  async token(user) {
    if (await prefersOfflineInWorker()) throw new Error('this device was told to stay offline')
    return await fetchToken(user)
  },
})
