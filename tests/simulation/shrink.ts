import { FAIR, type Plan, TOKENS_FOR_EVER } from './plan.ts'
import type { Outcome } from './run.ts'

/** Whether a plan still fails by the same oracle. */
type StillFails = (plan: Plan) => Promise<boolean>

export interface ShrinkOptions {
  readonly run: (plan: Plan) => Promise<Outcome>
  /** What must fail again: a plan that fails by something else shows something else. */
  readonly oracle: string
  /** False when the time is up; the smallest plan so far is the result then. */
  readonly isTime: () => boolean
}

/** Makes a failing plan smaller as long as it fails by the same oracle: devices, settings and steps are left out in turns. */
export async function shrink(plan: Plan, { run, oracle, isTime }: ShrinkOptions): Promise<Plan> {
  const stillFails: StillFails = async (smaller) => isTime() && (await run(smaller)).failures.some((failure) => failure.oracle === oracle)
  let before: Plan
  let smallest = plan
  do {
    before = smallest
    smallest = await withFewerSteps(smallest, stillFails)
    for (const simplify of simplifications(smallest)) {
      const simpler = simplify(smallest)
      if (JSON.stringify(simpler) !== JSON.stringify(smallest) && (await stillFails(simpler))) smallest = simpler
    }
  } while (smallest !== before && isTime())
  return smallest
}

/** Delta debugging (Zeller and Hildebrandt, 2002): leaves out halves, quarters ... single steps. */
export async function withFewerSteps<P extends { readonly steps: readonly unknown[] }>(
  plan: P,
  stillFails: (plan: P) => Promise<boolean>,
): Promise<P> {
  let steps: P['steps'] = plan.steps
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < steps.length; ) {
      const fewer: P['steps'] = [...steps.slice(0, at), ...steps.slice(at + size)]
      if (await stillFails({ ...plan, steps: fewer })) steps = fewer
      else at += size
    }
  }
  return steps.length === plan.steps.length ? plan : { ...plan, steps }
}

/** One thing less each; the big ones first. */
function simplifications({ devices, network, tokens, server }: Plan): ((plan: Plan) => Plan)[] {
  const without = devices.map(({ name }) => (plan: Plan) => ({
    ...plan,
    devices: plan.devices.filter((device) => device.name !== name),
    steps: plan.steps.filter((step) => !('device' in step) || step.device !== name),
  }))
  const plainer = devices.map(({ name }) => (plan: Plan) => ({
    ...plan,
    devices: plan.devices.map((device) =>
      device.name === name ? { ...device, tabs: 1, skewMs: 0, slownessMs: 0, pageChanges: 0 } : device,
    ),
  }))
  const fairer = Object.keys(network).map((fault) => (plan: Plan) => ({
    ...plan,
    network: { ...plan.network, [fault]: FAIR[fault as keyof typeof FAIR] },
  }))
  const surer = Object.keys(tokens).map((fault) => (plan: Plan) => ({
    ...plan,
    tokens: { ...plan.tokens, [fault]: TOKENS_FOR_EVER[fault as keyof typeof TOKENS_FOR_EVER] },
  }))
  const sounder = Object.keys(server).map((fault) => (plan: Plan) => ({ ...plan, server: { ...plan.server, [fault]: 0 } }))
  const sooner = [(plan: Plan): Plan => ({ ...plan, patient: false, idleMs: 0 })]
  return [...without, ...sooner, ...fairer, ...surer, ...sounder, ...plainer]
}
