/** One HTTP request, as the platform makes it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** The machine's own network. */
export const systemFetch: Fetch = (url, init) => fetch(url, init)
