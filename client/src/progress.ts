import type { Progress, Status } from './replica-api.ts'

/*
 * What a bar needs is one fraction over all that is followed. It is the one figure that others have in common, too: PowerSync's
 * `downloadedFraction`, and what remains of Firestore's loaded and total of a bundle. A total of its own would change under way.
 */

/**
 * Makes progress out of one status after the other. A catch-up begins with the first version that is known to be lacking, and ends when
 * the replica is live; a connection that breaks in between does not end it, and what the server gets meanwhile makes it longer, and never
 * go back. The same object is given again while nothing changes.
 */
export function progressMeter(): (status: Pick<Status, 'phase' | 'spaces'>) => Progress {
  /** The most that was lacking at one time in this catch-up, in versions; 0: there is none. */
  let most = 0
  let last: Progress = { behind: 0, spaces: 0, fraction: undefined }
  return ({ phase, spaces }) => {
    // What is denied does not come.
    const lacking = Object.values(spaces).filter(({ denied, partial, head, version }) => !denied && (partial || head > version))
    const behind = lacking.reduce((sum, { head, version }) => sum + Math.max(0, head - version), 0)
    const before = most > 0 ? last.fraction : 0
    most = phase === 'live' ? 0 : Math.max(most, behind)
    const fraction = phase === 'live' ? 1 : most > 0 ? Math.max(before ?? 0, 1 - behind / most) : last.fraction
    if (behind !== last.behind || lacking.length !== last.spaces || fraction !== last.fraction)
      last = { behind, spaces: lacking.length, fraction }
    return last
  }
}
