import type { Device } from '../device.ts'

export const browserDevice: Device = {
  recall: (key) => localStorage.getItem(key),
  remember: (key, text) => (text === undefined ? localStorage.removeItem(key) : localStorage.setItem(key, text)),
  persisted: async (ask) => (ask && (await navigator.storage.persist())) || navigator.storage.persisted(),
}
