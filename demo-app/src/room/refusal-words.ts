import type { Refused } from '@tidemark/client'

/** Why the server did not take something, for the person who wrote it. */
export function refusalWords(error: Refused['error']): string {
  switch (error.code) {
    case 'forbidden':
      return 'You may not do this here.'
    case 'rejected':
    case 'invalid':
    case 'too-large':
      return `Not accepted: ${error.message}`
    case 'outcome-unknown':
      return 'The server no longer knows whether it arrived. Look before you send it again.'
    default:
      return `Refused (${error.code}): ${error.message}`
  }
}
