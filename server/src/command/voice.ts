import { FileInUseError } from '../changelog/file-in-use-error.ts'
import { SettingsError } from './settings-error.ts'

/** How the command speaks: to a person, or as one JSON object a line to a program. */
export interface Voice {
  /** It listens. Stdout. */
  listening(facts: ListeningFacts): void
  /** Stderr. */
  warning(message: string): void
  /** Stderr; what its answer is worth as an exit code. */
  error(error: unknown): ExitCode
}

export interface ListeningFacts {
  readonly url: string
  readonly port: number
  readonly data: string
  readonly signIn: string
}

/** 1: it could not start or go on. 2: the command line or a setting is wrong. */
export type ExitCode = 1 | 2

export interface Outputs {
  out(line: string): void
  err(line: string): void
}

export function plainVoice({ out, err }: Outputs): Voice {
  return {
    listening({ url, data, signIn }) {
      out(`Tidemark  ${url}`)
      out(`Data      ${data}`)
      out(`Sign-in   ${signIn}`)
    },
    warning: (message) => err(`Warning: ${message}`),
    error(error) {
      const { message, exitCode } = explained(error)
      err(message)
      if (error instanceof SettingsError && error.detail !== undefined) err(`\n${error.detail}`)
      return exitCode
    },
  }
}

export function jsonVoice({ out, err }: Outputs): Voice {
  return {
    listening: (facts) => out(JSON.stringify({ event: 'listening', ...facts })),
    warning: (message) => err(JSON.stringify({ event: 'warning', message })),
    error(error) {
      const { code, message, exitCode } = explained(error)
      err(JSON.stringify({ event: 'error', code, message }))
      return exitCode
    },
  }
}

interface Explained {
  readonly code: 'settings' | 'data-in-use' | 'port-in-use' | 'port-forbidden' | 'no-such-address' | 'failed'
  readonly message: string
  readonly exitCode: ExitCode
}

function explained(error: unknown): Explained {
  if (error instanceof SettingsError) return { code: 'settings', message: error.message, exitCode: 2 }
  const failed = (code: Explained['code'], message: string): Explained => ({ code, message, exitCode: 1 })
  if (error instanceof FileInUseError)
    return failed('data-in-use', `${error.file} is in use by ${error.holder}: stop it, or set TIDEMARK_DATA to another folder.`)
  if (error instanceof Error && 'code' in error) {
    const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string }
    if (code === 'EADDRINUSE') return failed('port-in-use', `Port ${port} is in use: stop what listens there, or set PORT to another one.`)
    if (code === 'EACCES' && port !== undefined)
      return failed('port-forbidden', `Port ${port} may not be used by this user: set PORT to one above 1023.`)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      return failed('no-such-address', `This machine has no address ${address ?? ''}: set HOST to one that it has.`)
  }
  const message = error instanceof Error ? error.message : String(error)
  return failed('failed', message.split('\n')[0] ?? message)
}
