import { expectSound, saidOnServer } from '../cases/end-state.ts'
import { STEPS, Stage, type Step } from './steps.ts'

/** Texts that are somewhere: on the server, waiting, refused, or among what a device keeps to offer again. */
async function held({ world, a, b }: Stage): Promise<ReadonlySet<string>> {
  const texts = new Set(await saidOnServer(world))
  for (const { disk } of [a, b]) {
    const { outbox = [], refused = [], tail = [] } = JSON.parse(disk.dump()) as Record<string, { args?: { text?: string } }[]>
    for (const { args } of [...outbox, ...refused, ...tail]) if (args?.text !== undefined) texts.add(args.text)
  }
  return texts
}

async function play(names: readonly string[]): Promise<Stage> {
  const stage = new Stage()
  await stage.open()
  let before = await held(stage)
  for (const name of names) {
    const step = STEPS.find((candidate) => candidate.name === name) as Step
    await step.run(stage)
    await stage.world.pass(20)
    const after = await held(stage)
    const gone = [...before].filter((text) => !after.has(text))
    if (!step.isLossy && gone.length > 0) throw new Error(`${gone.join()} vanished when ${name}`)
    before = after
  }
  return stage
}

/** Plays a history, lets everything come back, and throws unless it came out right. Returns which steps could have followed. */
export async function playOut(names: readonly string[]): Promise<readonly string[]> {
  const stage = await play(names)
  const following = STEPS.filter((step) => step.can(stage, names)).map(({ name }) => name)
  const before = await held(stage)
  stage.release()
  stage.isAway = false
  // What no device and no server held any more is nobody's to bring back.
  stage.world.typed.splice(0, Infinity, ...before)
  await expectSound(stage.world, stage.a, stage.b)
  return following
}
