/** A rule of docs/protocol.md, or a part of one, that this build does not keep yet. A test that keeps a part quotes it as `[B3 standby]`. */
export interface NotBuilt {
  readonly rule: string
  readonly part?: string
  readonly why: string
}

/** Everything on the page that is no promise of this build. */
export const NOT_BUILT: readonly NotBuilt[] = [
  { rule: 'B3', part: 'standby', why: 'a server has no standby yet: nothing ever answers in the place of the primary' },
]

const NAME = String.raw`\[([A-Z]\d+)((?: [a-z][a-z-]*)?)\]`

/** The names that the page gives to its rules: those that begin a line or a row of a table. */
export function rulesOf(page: string): string[] {
  return [...page.matchAll(/^(?:\| |- )?\[([A-Z]\d+)\]/gm)].map(([, rule]) => rule ?? '')
}

/** What the titles of a test file quote: `M4`, `B3 standby`. A title is the first text of a call with more behind it; a skipped test quotes nothing. */
export function quotedIn(source: string): string[] {
  const titles = source.matchAll(/(\.(?:skip|todo|fails))?\(\s*(?<quote>['"`])(?<title>(?:(?!\k<quote>)[^\\\n]|\\.)*)\k<quote>\s*,/g)
  return [...titles]
    .filter(([, skipped]) => skipped === undefined)
    .flatMap(({ groups }) => [...(groups?.title ?? '').matchAll(new RegExp(NAME, 'g'))].map(([, rule, part]) => `${rule}${part}`))
}

/**
 * What is wrong between the page, the tests and the list: a rule with neither test nor reason, a reason that no longer holds, a name that the
 * page does not have. Names that begin with a letter of none of its rules are not its own. `quotes`: each quote with a file that bears it.
 */
export function faultsOf(page: string, quotes: ReadonlyMap<string, string>, notBuilt: readonly NotBuilt[] = NOT_BUILT): string[] {
  const rules = new Set(rulesOf(page))
  const kept = new Set([...quotes.keys()].map((quote) => quote.split(' ')[0]))
  const listed = new Set(notBuilt.filter(({ part }) => part === undefined).map(({ rule }) => rule))
  const letters = new Set([...rules].map((rule) => rule.slice(0, 1)))
  const mentioned = [...page.matchAll(new RegExp(NAME, 'g'))].map(([, rule]) => rule ?? '')
  return [
    ...[...rules]
      .filter((rule) => !kept.has(rule) && !listed.has(rule))
      .map((rule) => `[${rule}] stands in docs/protocol.md, and no test quotes it: write one, or say in scripts/protocol/rules.ts why not`),
    ...[...new Set(mentioned)]
      .filter((rule) => !rules.has(rule))
      .map((rule) => `[${rule}] is named in docs/protocol.md and stands nowhere in it`),
    ...[...quotes]
      .filter(([quote]) => letters.has(quote.slice(0, 1)) && !rules.has(quote.split(' ')[0] ?? ''))
      .map(([quote, file]) => `${file} quotes [${quote}], which docs/protocol.md does not have`),
    ...notBuilt.flatMap(({ rule, part }) => {
      const name = part === undefined ? rule : `${rule} ${part}`
      if (!rules.has(rule)) return [`scripts/protocol/rules.ts lists [${name}], which docs/protocol.md does not have`]
      const file = part === undefined ? [...quotes].find(([quote]) => quote.split(' ')[0] === rule)?.[1] : quotes.get(name)
      return file === undefined
        ? []
        : [`[${name}] is listed as not built, and ${file} quotes it: take it off the list in scripts/protocol/rules.ts`]
    }),
  ]
}
