/**
 * What a device offers beside the storage of a replica: short texts that outlive it, by key, and a promise to keep it.
 * localStorage in a browser; an app of Capacitor's takes its Preferences. Whatever throws or rejects counts as not there.
 */
export interface Device {
  recall(key: string): string | null | undefined | Promise<string | null | undefined>
  /** Forgets what was there where no text is given. */
  remember(key: string, text?: string): void | Promise<void>
  /** Whether storage will not be cleared to make room for others; `ask` asks for that promise first. Undefined where nobody says. */
  persisted(ask: boolean): Promise<boolean | undefined>
}
