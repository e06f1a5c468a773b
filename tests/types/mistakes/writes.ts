import type { Replica } from '@tidemark/client'
import type { app } from './app.ts'

declare const replica: Replica<typeof app>
const { mutate } = replica.space('project:1')

// Property 'title' is missing in type '{ id: string; }' but required in type '{ id: string; title: string; }'.
mutate.rename({ id: '1' })

// Type 'number' is not assignable to type 'string'.
mutate.rename({ id: '1', title: 3 })

// Object literal may only specify known properties, and 'done' does not exist in type '{ id: string; title: string; }'.
mutate.rename({ id: '1', title: 'Ebb', done: true })

// Type '"isues"' is not assignable to type '"issues"'.
mutate.delete({ c: 'isues', id: '1' })

// Object literal may only specify known properties, but 'titel' does not exist in type 'Partial<{ title: string; points: number; kind: "bug" | "wish"; author: { name: string; }; }>'. Did you mean to write 'title'?
mutate.patch({ c: 'issues', id: '1', set: { titel: 'Ebb' } })

// Type '{ title: string; }' is missing the following properties from type '{ title: string; points: number; kind: "bug" | "wish"; author: { name: string; }; }': points, kind, author
mutate.put({ c: 'issues', id: '1', doc: { title: 'Ebb' } })

// Property 'renam' does not exist on type 'Mutators<{ rename: { id: string; title: string; }; }> & BuiltIns<{ issues: CollectionDefinition<{ title: string; points: number; kind: "bug" | "wish"; author: { name: string; }; }, "points">; }>'. Did you mean 'rename'?
mutate.renam({ id: '1', title: 'Ebb' })

// Type 'string' is not assignable to type 'number'.
mutate.patch({ c: 'issues', id: '1', inc: { points: '1' } })

// Object literal may only specify known properties, and 'title' does not exist in type '{ readonly points?: number | undefined; }'.
mutate.patch({ c: 'issues', id: '1', inc: { title: 1 } })

// Type '"titel"' is not assignable to type '"author" | "kind" | "points" | "title"'. Did you mean '"title"'?
mutate.patch({ c: 'issues', id: '1', unset: ['titel'] })
