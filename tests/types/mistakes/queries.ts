import type { Replica } from '@tidemark/client'
import type { app } from './app.ts'

declare const replica: Replica<typeof app>
const project = replica.space('project:1')

// Argument of type '"projekt:1"' is not assignable to parameter of type '"project" | "user" | `project:${string}` | `user:${string}`'.
replica.space('projekt:1')

// Argument of type '"project/1"' is not assignable to parameter of type '"project" | "user" | `project:${string}` | `user:${string}`'.
replica.space('project/1')

// Argument of type '"projects"' is not assignable to parameter of type '"project" | "user"'.
replica.table('projects', 'issues')

// Argument of type '"isues"' is not assignable to parameter of type '"issues"'.
replica.table('project', 'isues')

// Argument of type '"title"' is not assignable to parameter of type '"$b" | "$p" | "$v" | "points" | Where<{ title: string; points: number; kind: "bug" | "wish"; author: { name: string; }; }>'.
project.issues.where('title')

// Argument of type '"title"' is not assignable to parameter of type '"$b" | "$p" | "$v" | "points"'.
project.issues.orderBy('title')

// Object literal may only specify known properties, but 'titel' does not exist in type 'Where<{ title: string; points: number; kind: "bug" | "wish"; author: { name: string; }; }>'. Did you mean to write 'title'?
project.issues.where({ titel: 'Tide' })

// Type 'string' is not assignable to type 'number | Condition<number> | undefined'.
project.issues.where({ points: 'three' })

// Type '"bugs"' is not assignable to type '"bug" | "wish" | Condition<"bug" | "wish"> | undefined'. Did you mean '"bug"'?
project.issues.where({ kind: 'bugs' })

// Object literal may only specify known properties, and ''author.nam'' does not exist in type 'Where<{ title: string; points: number; kind: "bug" | "wish"; author: { name: string; }; }>'.
project.issues.where({ 'author.nam': 'Ada' })

// Type 'number' is not assignable to type 'string | Condition<string> | undefined'.
project.issues.where({ 'author.name': 3 })

// Argument of type '"titel"' is not assignable to parameter of type '"$b" | "$id" | "$p" | "$v" | "author" | "author.name" | "kind" | "points" | "title"'.
project.issues.orderBy('titel', 'asc')

// Argument of type '"up"' is not assignable to parameter of type '"asc" | "desc"'.
project.issues.orderBy('title', 'up')

// Property 'onError' is missing in type '{ onChange(): void; }' but required in type 'WatchListener<{ title: string; points: number; kind: "bug" | "wish"; author: { name: string; }; }>'.
project.issues.watch({ onChange() {} })

project.issues.watch({
  onChange({ docs, docChanges }) {
    for (const doc of docs) {
      // Cannot assign to 'title' because it is a read-only property.
      doc.title = 'Ebb'

      // Property 'titel' does not exist on type 'DocumentRow<{ title: string; points: number; kind: "bug" | "wish"; author: { name: string; }; }>'. Did you mean 'title'?
      doc.titel
    }
    for (const change of docChanges) {
      // This comparison appears to be unintentional because the types '"add" | "init" | "limit" | "remove" | "replace" | "update"' and '"delete"' have no overlap.
      change.dataType === 'delete'

      // 'change.updatedFields' is possibly 'undefined'.
      change.updatedFields.title
    }
  },
  onError() {},
})
