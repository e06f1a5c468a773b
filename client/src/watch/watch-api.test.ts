// Types alone: the check compiles this file, and what is marked as wrong has to be wrong. Run, it asks something that answers to everything.
import { type App, type CollectionDefinition, collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'
import { describe, expectTypeOf, it } from 'vitest'
import type { DocumentRow, Replica, Sent } from '../replica-api.ts'
import { above, anyOf, includes } from './conditions.ts'
import type {
  Added,
  DocChange,
  DocumentRef,
  FieldOf,
  Initial,
  Limited,
  Query,
  Removed,
  Replaced,
  Snapshot,
  Updated,
  ValueOf,
  Watched,
  Where,
} from './watch-api.ts'

const Issue = v.object({
  title: v.string(),
  done: v.boolean(),
  points: v.number(),
  kind: v.picklist(['bug', 'wish']),
  dueMs: v.optional(v.number()),
  author: v.object({ name: v.string(), home: v.optional(v.object({ city: v.nullable(v.string()), at: v.object({ lat: v.number() }) })) }),
  tags: v.array(v.string()),
  ref: v.union([v.string(), v.number()]),
})
type Issue = v.InferOutput<typeof Issue>
const Shape = v.variant('kind', [
  v.object({ kind: v.literal('circle'), radius: v.number() }),
  v.object({ kind: v.literal('text'), words: v.string() }),
])
type Shape = v.InferOutput<typeof Shape>
interface Tree {
  name: string
  left?: Tree
  right?: Tree
}

const app = defineApp({
  version: '1',
  spaces: {
    user: space({ collections: { profile: collection(v.object({ name: v.string() })) } }),
    'side-project': space({ collections: { profile: collection(v.object({ title: v.string() })) } }),
    project: space({
      collections: { issues: collection(Issue, { indexes: ['points', 'dueMs'] }), shapes: collection(Shape) },
      mutators: {
        async rename(tx, { id, title }: { id: string; title: string }) {
          await tx.issues.patch(id, { title })
        },
        async touch(tx) {
          await tx.issues.get('1')
        },
      },
    }),
  },
})

const anything: any = new Proxy(() => {}, { get: () => anything, apply: () => anything })
const replica = anything as Replica<typeof app>
const issues = anything as Watched<Issue>
const shapes = anything as Watched<Shape>
const project = replica.space('project:1')

describe('a space', () => {
  it('is known by its kind, with or without a name', () => {
    expectTypeOf(replica.space('user').profile.get).returns.resolves.toEqualTypeOf<DocumentRow<{ name: string }> | undefined>()
    expectTypeOf(replica.space('side-project:7').profile.get).returns.resolves.toEqualTypeOf<DocumentRow<{ title: string }> | undefined>()
    const name: string = 'x'
    expectTypeOf(replica.space(`project:${name}`).issues.count).returns.resolves.toBeNumber()
    // @ts-expect-error there is no such kind
    replica.space('room:1')
    // @ts-expect-error a kind of this app, not the beginning of one
    replica.space('proj')
    // @ts-expect-error any text may be no id
    replica.space(name)
  })

  it('has its collections and no others', () => {
    expectTypeOf(project).toHaveProperty('issues')
    // @ts-expect-error it is one of another kind
    project.profile
    expectTypeOf(replica.table('project', 'shapes').get({})).resolves.toEqualTypeOf<DocumentRow<Shape> | undefined>()
    // @ts-expect-error it is one of another kind
    replica.table('user', 'issues')
  })

  it('takes the mutators of its kind, with their arguments', () => {
    expectTypeOf(project.mutate.rename).parameters.toEqualTypeOf<[args: { id: string; title: string }]>()
    expectTypeOf(project.mutate.rename).returns.resolves.toEqualTypeOf<Sent>()
    // @ts-expect-error title is missing
    void project.mutate.rename({ id: '1' })
    // @ts-expect-error it is no text
    void project.mutate.rename({ id: '1', title: 1 })
    // @ts-expect-error there is no such argument
    void project.mutate.rename({ id: '1', title: 'x', done: true })
    // @ts-expect-error there is no such mutator
    void project.mutate.close({ id: '1' })
    // @ts-expect-error it is one of another kind
    void replica.space('user:1').mutate.rename({ id: '1', title: 'x' })
  })

  it('takes whole documents and parts of them by the built-in mutators', () => {
    void project.mutate.put({ c: 'shapes', id: '1', doc: { kind: 'circle', radius: 1 } })
    // @ts-expect-error a circle has no words
    void project.mutate.put({ c: 'shapes', id: '1', doc: { kind: 'circle', words: 'x' } })
    void project.mutate.patch({ c: 'issues', id: '1', set: { done: true }, unset: ['dueMs'] })
    // @ts-expect-error there is no such field
    void project.mutate.patch({ c: 'issues', id: '1', set: { closed: true } })
    // @ts-expect-error there is no such collection
    void project.mutate.delete({ c: 'profile', id: '1' })
  })
})

describe('a field', () => {
  it('is a name, or a path into objects, up to three names deep', () => {
    expectTypeOf<FieldOf<{ a: { b: { c: { d: number } } } }>>().toEqualTypeOf<'$id' | '$v' | '$b' | '$p' | 'a' | 'a.b' | 'a.b.c'>()
    expectTypeOf<'author.home.at'>().toExtend<FieldOf<Issue>>()
    expectTypeOf<'author.home.at.lat'>().not.toExtend<FieldOf<Issue>>()
    expectTypeOf<'tags.length'>().not.toExtend<FieldOf<Issue>>()
    expectTypeOf<'title.length'>().not.toExtend<FieldOf<Issue>>()
    expectTypeOf<'left.right.left'>().toExtend<FieldOf<Tree>>()
  })

  it('may be that of some kinds of documents only', () => {
    expectTypeOf<FieldOf<Shape>>().toEqualTypeOf<'$id' | '$v' | '$b' | '$p' | 'kind' | 'radius' | 'words'>()
    expectTypeOf<ValueOf<Shape, 'radius'>>().toBeNumber()
    expectTypeOf<ValueOf<Shape, 'kind'>>().toEqualTypeOf<'circle' | 'text'>()
  })

  it('has the value that stands at its path', () => {
    expectTypeOf<ValueOf<Issue, 'dueMs'>>().toEqualTypeOf<number | undefined>()
    expectTypeOf<ValueOf<Issue, 'author.home.city'>>().toEqualTypeOf<string | null>()
    expectTypeOf<ValueOf<Issue, 'tags'>>().toEqualTypeOf<string[]>()
    expectTypeOf<ValueOf<Issue, '$p'>>().toEqualTypeOf<0 | 1>()
  })

  it('is any text in a collection whose documents nobody described', () => {
    expectTypeOf<string>().toExtend<FieldOf<Record<string, unknown>>>()
    expectTypeOf<FieldOf<unknown>>().toEqualTypeOf<'$id' | '$v' | '$b' | '$p'>()
  })
})

describe('a query', () => {
  it('takes values and conditions that fit their fields', () => {
    const open = issues.where({ done: false, kind: 'bug', 'author.name': 'Ada', $p: 1, ref: 7, 'author.home.city': null })
    expectTypeOf(open).toEqualTypeOf<Query<Issue>>()
    issues.where({ points: above(3), dueMs: above(3), kind: anyOf(['bug']), tags: includes('sea'), title: anyOf(['a', 'b']) })
    issues.where({ author: { name: 'Ada' } })
    shapes.where({ radius: above(1) }).where({ words: 'x' })
    // @ts-expect-error it is no number
    issues.where({ points: '3' })
    // @ts-expect-error there is no such kind
    issues.where({ kind: 'bugs' })
    // @ts-expect-error there is no such kind among them
    issues.where({ kind: anyOf(['bug', 'bugs']) })
    // @ts-expect-error it is no number
    issues.where({ points: above('3') })
    // @ts-expect-error they are texts
    issues.where({ tags: includes(3) })
    // @ts-expect-error there is no such field
    issues.where({ titel: 'x' })
    // @ts-expect-error there is none at this path
    issues.where({ 'author.nam': 'x' })
    // @ts-expect-error a person has a name
    issues.where({ author: { nam: 'x' } })
    // @ts-expect-error versions are numbers
    issues.where({ $b: '3' })
  })

  it('is ordered by its fields, and goes on', () => {
    expectTypeOf(issues.orderBy('points', 'desc').orderBy('author.name').limit(3).where({ done: true })).toEqualTypeOf<Query<Issue>>()
    // @ts-expect-error there is no such field
    issues.orderBy('titel', 'asc')
    // @ts-expect-error there is none at this path
    issues.where({}).orderBy('tags.length')
    // @ts-expect-error up is no direction
    issues.where({}).orderBy('points', 'up')
    // @ts-expect-error it is no number
    issues.limit('3')
    // @ts-expect-error a document's fields are known in a filter, too
    issues.filter(({ titel }) => titel === 'x')
  })

  it('of Dexie knows the indexes that were declared', () => {
    project.issues.where('points').above(3)
    project.issues.where('$b').above(3)
    project.shapes.orderBy('$v')
    // @ts-expect-error it is a field without an index
    project.issues.where('title')
    // @ts-expect-error it is a field without an index
    project.issues.orderBy('title')
  })

  it('does not fit where documents of another collection are asked for', () => {
    expectTypeOf<Where<Issue>>().not.toExtend<Where<Shape>>()
    expectTypeOf<Query<Issue>>().not.toExtend<Query<Shape>>()
    expectTypeOf<DocumentRef<Issue>>().not.toExtend<DocumentRef<Shape>>()
  })
})

describe('a snapshot', () => {
  it('has documents with what the replica knows of them, for reading', () => {
    expectTypeOf<Snapshot<Issue>['docs'][number]>().toEqualTypeOf<DocumentRow<Issue>>()
    const { docs } = anything as Snapshot<Issue>
    const doc = docs[0] as DocumentRow<Issue>
    expectTypeOf(doc.title).toBeString()
    expectTypeOf(doc.dueMs).toEqualTypeOf<number | undefined>()
    expectTypeOf(doc.$p).toEqualTypeOf<0 | 1>()
    // What takes a plain document takes one of these.
    expectTypeOf<DocumentRow<Issue>>().toExtend<Issue>()
    // @ts-expect-error writing goes through mutate
    doc.title = 'x'
    // @ts-expect-error it is frozen
    docs.push(doc)
    const shape = anything as Snapshot<Shape>['docs'][number]
    if (shape.kind === 'circle') expectTypeOf(shape.radius).toBeNumber()
    // @ts-expect-error which kind it is has to be asked first
    shape.radius
  })

  it('tells with each change what it was', () => {
    const change = anything as DocChange<Issue>
    expectTypeOf(change.doc).toEqualTypeOf<DocumentRow<Issue>>()
    // To be read before it is known what happened.
    expectTypeOf(change.removedFields).toEqualTypeOf<readonly string[] | undefined>()
    if (change.dataType === 'update') expectTypeOf(change).toEqualTypeOf<Updated<Issue>>()
    if (change.dataType === 'update') expectTypeOf(change.removedFields).toEqualTypeOf<readonly string[]>()
    if (change.dataType === 'init') expectTypeOf(change).toEqualTypeOf<Initial<Issue>>()
    if (change.dataType === 'replace') expectTypeOf(change).toEqualTypeOf<Replaced<Issue>>()
    if (change.dataType === 'limit') expectTypeOf(change).toEqualTypeOf<Limited<Issue>>()
    if (change.dataType === 'add') expectTypeOf(change).toEqualTypeOf<Added<Issue>>()
    if (change.dataType === 'add') expectTypeOf(change.queueType).toEqualTypeOf<'enqueue'>()
    if (change.dataType === 'remove') expectTypeOf(change).toEqualTypeOf<Removed<Issue>>()
    // @ts-expect-error what is added was not there before
    if (change.dataType === 'add' && change.queueType === 'update') change.doc
    // @ts-expect-error it is called remove
    if (change.dataType === 'delete') change.doc
  })

  it('is for whoever also hears of errors', () => {
    // @ts-expect-error onError is missing
    issues.watch({ onChange() {} })
    issues.doc('1').$.subscribe((doc) => expectTypeOf(doc).toEqualTypeOf<DocumentRow<Issue> | undefined>())
    issues.docs$.subscribe((docs) => expectTypeOf(docs).toEqualTypeOf<readonly DocumentRow<Issue>[]>())
    // @ts-expect-error ids are texts
    issues.doc(1)
  })
})

describe('an app', () => {
  it('is one of those that any app can be', () => {
    expectTypeOf<typeof app>().toExtend<App>()
    expectTypeOf<CollectionDefinition<Issue, 'points'>>().toExtend<CollectionDefinition>()
  })
})
