/** A command line or a setting that cannot be. The message is one line that says what to change; exit code 2. */
export class SettingsError extends Error {
  /** What is shown below the message to a person who asked for all: a stack, for one. */
  readonly detail: string | undefined

  constructor(message: string, detail?: string) {
    super(message)
    this.detail = detail
  }
}
