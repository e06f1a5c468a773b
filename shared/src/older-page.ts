import * as v from 'valibot'
import { putChange } from './change.ts'
import { seal } from './seal.ts'
import { version } from './version.ts'

/**
 * Older documents of a windowed collection, the newest creation first, in their latest form. All that were created after `floor` and
 * at or before the number asked are here or in nobody's sight; 0: there are no older ones. Read at `head`, whose seal is `seal`. Source:
 * protocol [W1], [W2].
 */
export const olderPage = v.object({ docs: v.array(putChange), floor: version, head: version, seal })
export type OlderPage = v.InferOutput<typeof olderPage>
