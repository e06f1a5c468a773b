import { UnavailableError } from '@tidemark/shared'

/** Another process, or this one, has the file open already. Remedy: end that one, or use another file. */
export class FileInUseError extends UnavailableError {
  readonly file: string
  /** As in `process 4711`. */
  readonly holder: string

  constructor(file: string, holder: string) {
    super(`${file} is in use by ${holder}: one process serves one file. Stop it, or use another file.`)
    this.file = file
    this.holder = holder
  }
}
