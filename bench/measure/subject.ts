import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Ask, Memory, Told } from './under-test.ts'

/** A process that is measured: nothing else runs in it, so that its CPU seconds are those of the work alone. */
export interface Subject<Ready = unknown> {
  readonly ready: Ready
  /** Rejects with what was thrown there, or when it ends before it answered. */
  ask<T>(name: string, arg?: unknown): Promise<T>
  /** CPU seconds that it spends while `work` runs. */
  cpuS(work: () => Promise<void>): Promise<number>
  memory(): Promise<Memory>
  end(): Promise<void>
}

/** Starts `subjects/{name}.child.ts`, which is handed `options`. */
export async function startSubject<Ready>(name: string, options: object = {}): Promise<Subject<Ready>> {
  const child = fork(fileURLToPath(new URL(`../subjects/${name}.child.ts`, import.meta.url)), [JSON.stringify(options)], {
    execArgv: ['--conditions=@tidemark/source', '--expose-gc', ...(process.env.BENCH_NODE_ARGS?.split(' ') ?? [])],
    env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' },
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let asked = 0
  const expect = (id: number) => {
    const answer = Promise.withResolvers<unknown>()
    waiting.set(id, answer)
    return answer.promise
  }
  child.on('message', (told: Told) => {
    const answer = waiting.get(told.id)
    waiting.delete(told.id)
    if ('error' in told) answer?.reject(new Error(`${name}: ${told.error}`))
    else answer?.resolve(told.answer)
  })
  const ended = once(child, 'exit').then(([code]) => {
    for (const answer of waiting.values()) answer.reject(new Error(`${name} ended with ${code}`))
  })
  const ask = <T>(what: string, arg?: unknown) => {
    const answer = expect(++asked) as Promise<T>
    child.send({ id: asked, name: what, arg } satisfies Ask)
    return answer
  }
  return {
    ready: (await expect(0)) as Ready,
    ask,
    async cpuS(work) {
      const before = await ask<number>('cpuS')
      await work()
      return (await ask<number>('cpuS')) - before
    },
    memory: () => ask<Memory>('memory'),
    async end() {
      child.disconnect()
      await ended
    },
  }
}
