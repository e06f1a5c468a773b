import { expectSound, expectTrue, saidOnServer } from '../cases/end-state.ts'
import type { Model, Stage } from './model.ts'

/** A beat, and a check of the gateways. */
const FOUND_WITHIN_MS = 35_000

/** Texts that are somewhere: on the server, waiting, refused, or among what a device keeps to offer again. */
async function held({ world, tabs }: Stage): Promise<ReadonlySet<string>> {
  const texts = new Set(await saidOnServer(world))
  for (const { rows } of tabs) {
    const { outbox = [], refused = [], tail = [] } = rows
    for (const { args } of [...outbox, ...refused, ...tail]) if (args?.text !== undefined) texts.add(args.text)
  }
  return texts
}

/** Plays a history, lets everything come back, and throws unless it came out right. Returns which steps could have followed. */
export async function playOut<S extends Stage>({ begin, steps }: Model<S>, names: readonly string[]): Promise<readonly string[]> {
  const stage = await begin()
  let before = await held(stage)
  for (const name of names) {
    const step = steps.find((candidate) => candidate.name === name)
    if (step === undefined) throw new Error(`no step is called ${name}`)
    await step.run(stage)
    await stage.world.pass(20)
    for (const tab of stage.tabs) await expectTrue(stage.world, tab)
    const after = await held(stage)
    const gone = [...before].filter((text) => !after.has(text))
    if (!step.isLossy && gone.length > 0) throw new Error(`${gone.join()} vanished when ${name}`)
    before = after
  }
  const following = steps.filter((step) => step.can(stage, names)).map(({ name }) => name)
  stage.heal()
  // Until somebody has asked, everything may seem to be right.
  await stage.world.pass(FOUND_WITHIN_MS)
  // What no device and no server held any more is nobody's to bring back.
  stage.world.typed.splice(0, Number.POSITIVE_INFINITY, ...before)
  await expectSound(stage.world, ...stage.tabs)
  return following
}
