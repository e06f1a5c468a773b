import * as v from 'valibot'
import { hello } from './client-frame.ts'

const { token: _inTheHeader, ...stated } = hello.entries

/** Body of POST /v1/poll: a hello without its token, and how long an answer may take that brings nothing new, in seconds. Source: protocol §4. */
export const pollBody = v.object({ ...stated, waitS: v.pipe(v.number(), v.minValue(0)) })
export type PollBody = v.InferOutput<typeof pollBody>
