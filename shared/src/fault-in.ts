/** What any Standard Schema tells of a fault; the parts of its path are names, or objects that bear one as `key`. */
export interface Fault {
  readonly message: string
  readonly path?: readonly unknown[] | undefined
}

/** The first fault that a schema found in what stands at `place`, with the name of the field. */
export function faultIn(place: string, [fault]: readonly Fault[]): string {
  const path = fault?.path?.map((part) => String((part as { key?: unknown }).key ?? part)) ?? []
  return `${[place, ...path].join('.')}: ${fault?.message}`
}
