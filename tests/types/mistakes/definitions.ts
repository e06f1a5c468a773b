import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

const Issue = v.object({ title: v.string(), points: v.number() })

// Type '"titel"' is not assignable to type '"points" | "title"'. Did you mean '"title"'?
collection(Issue, { indexes: ['titel'] })

// Type '"autor"' is not assignable to type '"points" | "title" | undefined'.
collection(Issue, { creatorField: 'autor' })

// Type '"everyone"' is not assignable to type '"creator" | "none" | "space" | undefined'.
collection(Issue, { read: 'everyone' })

// Object literal may only specify known properties, but 'index' does not exist in type 'CollectionOptions<"points" | "title", "points">'. Did you mean to write 'indexes'?
collection(Issue, { indexes: ['points'], index: 1 })

export const app = defineApp({
  // Type 'number' is not assignable to type 'string'.
  version: 1,
  spaces: {
    project: space({
      collections: { issues: collection(Issue) },
      mutators: {
        async rename(tx, { id, title }: { id: string; title: string }) {
          // Property 'issus' does not exist on type 'Transaction<{ issues: CollectionDefinition<{ title: string; points: number; }, never>; }>'. Did you mean 'issues'?
          await tx.issus.patch(id, { title })

          // Object literal may only specify known properties, but 'titel' does not exist in type 'Partial<{ title: string; points: number; }>'. Did you mean to write 'title'?
          await tx.issues.patch(id, { titel: title })

          // Property 'points' is missing in type '{ title: string; }' but required in type '{ title: string; points: number; }'.
          await tx.issues.create(id, { title })

          // Object literal may only specify known properties, and 'title' does not exist in type '{ readonly points?: number | undefined; }'.
          await tx.issues.patch(id, {}, { inc: { title: 1 } })
        },
      },
    }),
  },
})
