import { type MakeElement, setText } from '../elements.ts'

/** What a fact is called, and what it is; undefined: it is not shown. */
export type Fact = readonly [name: string, says: string | undefined]

/** A list of facts, whose names stay. */
export function factList(make: MakeElement): { readonly element: HTMLElement; show(facts: readonly Fact[]): void } {
  const element = make('dl', { class: 'facts' })
  const shown = new Map<string, { readonly row: HTMLElement; readonly says: HTMLElement }>()
  return {
    element,
    show(facts) {
      for (const [name, { row }] of shown) row.hidden = !facts.some(([other]) => other === name)
      for (const [name, says] of facts) {
        let fact = shown.get(name)
        if (!fact) {
          const value = make('dd', { class: 'digits' })
          fact = { row: make('div', {}, [make('dt', {}, [name]), value]), says: value }
          shown.set(name, fact)
          element.append(fact.row)
        }
        fact.row.hidden = says === undefined
        setText(fact.says, says ?? '')
      }
    },
  }
}
