import type { PanelPage } from '../devtools/panel-page.ts'

export const browserPanelPage = (): PanelPage => ({
  document,
  browser: navigator.userAgent,
  beforePicture(paint) {
    const frame = requestAnimationFrame(paint)
    return () => cancelAnimationFrame(frame)
  },
  // Missing where the page is not served securely.
  estimate: async () => (await navigator.storage?.estimate()) ?? {},
  copy: async (text) => navigator.clipboard.writeText(text),
  save(name, text) {
    const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
    const link = document.createElement('a')
    link.href = url
    link.download = name
    link.click()
    // The download has begun by then, or will not.
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  },
})
