/** Where the server says what its operator should know. A pino logger is one. Never a token, a document or an argument. */
export interface Log {
  info(detail: object, message: string): void
  warn(detail: object, message: string): void
  error(detail: object, message: string): void
}

export const SILENT: Log = { info() {}, warn() {}, error() {} }
