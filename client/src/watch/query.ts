import { BadRequestError, isDocumentId, type SpaceId } from '@tidemark/shared'
import { Observable } from 'rxjs'
import type { CollectionQueries } from '../replica-api.ts'
import { pathOf, type Question, questionOf, type Test, testBy, testsOf } from './question.ts'
import type { DocumentRef, Query, Snapshot, Watched, Where } from './watch-api.ts'
import type { Watches } from './watches.ts'

/** A question, as an app goes on with it. */
function queryOf(watches: Watches, question: Question): Query<unknown> {
  const also = (more: Partial<Question>) => queryOf(watches, questionOf({ ...question, ...more }))
  const testedBy = (tests: readonly Test[]) => also({ tests: [...question.tests, ...tests] })
  const stream = <T>(pick: (snapshot: Snapshot<unknown>) => T) => streamOf(watches, question, pick)
  return {
    key: question.key,
    where: (conditions) => testedBy(testsOf(conditions)),
    filter: (test) => testedBy([testBy(test as (doc: never) => boolean)]),
    orderBy(field, direction = 'asc') {
      pathOf(field)
      if (!/^(asc|desc)$/.test(direction)) throw new BadRequestError(`orderBy: ${direction} is neither asc nor desc`)
      return also({ order: [...question.order, [field, direction]] })
    },
    limit(count) {
      if (!Number.isInteger(count) || count < 0) throw new BadRequestError(`limit: ${count} is no number of documents`)
      return also({ limit: count })
    },
    watch: (listener) => watches.watch(question, listener),
    snapshots$: stream((snapshot) => snapshot),
    docs$: stream(({ docs }) => docs),
    get current() {
      return watches.current(question)
    },
    get: () =>
      new Promise((resolve, reject) => {
        const watch = watches.watch(question, {
          onChange({ docs }) {
            watch.close()
            resolve(docs)
          },
          onError: reject,
        })
      }),
  }
}

function documentOf(watches: Watches, question: Question): DocumentRef<unknown> {
  const query = queryOf(watches, question)
  return {
    id: question.id as string,
    query,
    watch: query.watch,
    get: async () => (await query.get())[0],
    $: streamOf(watches, question, ({ docs }) => docs[0]),
  }
}

/** Evaluated once for all subscribers of one question; ends with the last of them. */
function streamOf<T>(
  watches: Watches,
  question: Question,
  pick: (snapshot: Snapshot<unknown>) => T,
  isTold: (snapshot: Snapshot<unknown>) => boolean = () => true,
): Observable<T> {
  return new Observable((subscriber) => {
    const { close } = watches.watch(question, {
      onChange(snapshot) {
        if (isTold(snapshot)) subscriber.next(pick(snapshot))
      },
      onError: (error) => subscriber.error(error),
      onEnd: () => subscriber.complete(),
    })
    return close
  })
}

/** A collection's own ways of reading, and what can be watched of it; `where` and `orderBy` are both. */
export function watchedScope(watches: Watches, space: SpaceId, collection: string, scope: CollectionQueries<unknown>): Watched<unknown> {
  const question = { replica: watches.number, space, collection, tests: [], order: [], limit: Number.POSITIVE_INFINITY }
  const whole = questionOf(question)
  const all = queryOf(watches, whole)
  const { where, orderBy } = all
  return Object.assign(all, {
    ...scope,
    where: (asked: string | Where<unknown>) => (typeof asked === 'string' ? scope.where(asked) : where(asked)),
    orderBy: (field: never, direction?: 'asc' | 'desc') => (direction ? orderBy(field, direction) : scope.orderBy(field)),
    doc(id: string) {
      // A question without an id is one for all documents: it would be answered with the first of them.
      if (!isDocumentId(id)) throw new BadRequestError(`doc: ${id} is no document id`)
      return documentOf(watches, questionOf({ ...question, id }))
    },
    changes$: streamOf(
      watches,
      whole,
      ({ docChanges }) => docChanges,
      ({ type }) => !type,
    ),
  })
}
