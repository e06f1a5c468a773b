/** A command line or a setting that cannot be. The message is one line that says what to change; exit code 2. */
export class SettingsError extends Error {
  /** What is shown below the message to a person. */
  readonly help: string | undefined

  constructor(message: string, help?: string) {
    super(message)
    this.help = help
  }
}
