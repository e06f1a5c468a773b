import {
  isBuiltIn,
  type Json,
  type JsonObject,
  kindOf,
  NotFoundError,
  type SpaceId,
  type Transaction,
  toJson,
  toJsonObject,
  validate,
} from '@tidemark/shared'
import { type Author, runBuiltIn } from './built-in.ts'
import type { MutationDraft } from './mutation-draft.ts'
import { type MutatorWorld, runMutator } from './run-mutator.ts'

/** A write by name, whoever asks for it. */
export interface Named {
  readonly space: SpaceId
  readonly name: string
  readonly args: Json
}

/** Runs a built-in mutator or one of the app's on a draft. Throws what refuses it, what the mutator threw, or NotRun. */
export async function runByName(world: MutatorWorld, draft: MutationDraft, { space, name, args }: Named, by: Author): Promise<void> {
  const { mutators, args: schemas } = draft.definition(space)
  if (isBuiltIn(name)) {
    // One level less deep than it looks: what the arguments wrap may be as deep as a document.
    await runBuiltIn(draft, name, space, toJson(args, 'args', -1) as JsonObject, by)
    return
  }
  const mutator = Object.hasOwn(mutators, name) ? mutators[name] : undefined
  if (mutator === undefined) throw new NotFoundError(`There is no mutator ${name.slice(0, 64)} in ${kindOf(space)}.`)
  const given = toJsonObject(args, 'args')
  const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined
  const checked = schema === undefined ? given : validate(schema, given, 'args')
  await runMutator(world, draft, space, by, (tx) => mutator(tx as Transaction<never>, checked as never))
}
