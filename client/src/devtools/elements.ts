type Attributes = Readonly<Record<string, string | number | boolean | undefined>>
type Listeners = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void }

/** Makes an element: attributes by their names (`true`: there, without a value), listeners, and what is in it. Text stays text. */
export type MakeElement = <T extends keyof HTMLElementTagNameMap>(
  tag: T,
  attributes?: Attributes,
  children?: readonly (Node | string)[],
  listeners?: Listeners,
) => HTMLElementTagNameMap[T]

export function elementsOf(document: Document): MakeElement {
  return (tag, attributes = {}, children = [], listeners = {}) => {
    const element = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value)
    element.append(...children)
    for (const [type, listener] of Object.entries(listeners)) element.addEventListener(type, listener as EventListener)
    return element
  }
}

/** Writes only what differs. Undefined and false take it away. */
export function setAttribute(element: Element, name: string, value: Attributes[string]): void {
  if (value === undefined || value === false) return void (element.hasAttribute(name) && element.removeAttribute(name))
  const text = value === true ? '' : String(value)
  if (element.getAttribute(name) !== text) element.setAttribute(name, text)
}

/** Writes only what differs, so that a selection in it stays. */
export function setText(element: Node, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** An element that shows one row, and can show another state of it. */
export interface Shown<Row> {
  readonly element: Element
  show(row: Row): void
}

/** Shows rows in their order, one element a key: what stays keeps its element, its focus and its place. */
export function keyedRows<Row>(
  parent: Element,
  keyOf: (row: Row) => string,
  make: (row: Row) => Shown<Row>,
): (rows: readonly Row[]) => void {
  let shown = new Map<string, Shown<Row>>()
  return (rows) => {
    const next = new Map(rows.map((row) => [keyOf(row), shown.get(keyOf(row)) ?? make(row)]))
    // First, so that nothing that stays has to move: an element that moves loses the focus.
    for (const [key, { element }] of shown) if (!next.has(key)) element.remove()
    shown = next
    let before = parent.firstElementChild
    for (const row of rows) {
      const at = next.get(keyOf(row)) as Shown<Row>
      at.show(row)
      if (at.element === before) before = at.element.nextElementSibling
      else parent.insertBefore(at.element, before)
    }
  }
}
