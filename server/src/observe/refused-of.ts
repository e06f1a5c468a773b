/** Of whom something was refused, and what; what is not known is left out. */
export interface RefusedOf {
  readonly tenant: string
  readonly user: string
  readonly client?: string | undefined
  readonly space?: string | undefined
  /** The mutator, or the lane in which something was to be said. */
  readonly name?: string | undefined
  readonly message: string
}

/** Characters of a space or a name that are told: whoever is refused may have made them up. */
const NAME_CHARACTERS_MAX = 128

/** What is told of a refusal. `what`: as it came, unchecked. */
export function refusedOf(
  { tenant, user }: { readonly tenant: string; readonly user: string },
  client: string | undefined,
  what: { readonly [key: string]: unknown },
  { message }: { readonly message: string },
): RefusedOf {
  return { tenant, user, client, space: nameIn(what.space), name: nameIn(what.name), message }
}

function nameIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, NAME_CHARACTERS_MAX) : undefined
}
