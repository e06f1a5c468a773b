import { above, anyOf, includes } from '@tidemark/client'
import { hooksFor, useDocument, useMutation, useQuery, useStatus } from '@tidemark/client/react'
import type { app } from './app.ts'

const { useSpace } = hooksFor<typeof app>()

export function Issues() {
  // Argument of type '"projekt:1"' is not assignable to parameter of type '"project" | "user" | `project:${string}` | `user:${string}`'.
  useSpace('projekt:1')
  const project = useSpace('project:1')

  // Property 'isues' does not exist on type 'Space<App<{ readonly user: SpaceDefinition<{ profile: CollectionDefinition<{ name: string; }, never>; }, object, None, undefined>; readonly project: SpaceDefinition<...>; }>, "project">'. Did you mean 'issues'?
  useQuery(project.isues)

  // Type 'Condition<"three">' is not assignable to type 'number | Condition<number> | undefined'.
  useQuery(project.issues.where({ points: above('three') }))

  // Type 'Condition<"bug" | "bugs">' is not assignable to type '"bug" | "wish" | Condition<"bug" | "wish"> | undefined'.
  useQuery(project.issues.where({ kind: anyOf(['bug', 'bugs']) }))

  // Type 'Condition<readonly string[]>' is not assignable to type 'string | Condition<string> | undefined'.
  useQuery(project.issues.where({ title: includes('T') }))

  // Argument of type '"issues"' is not assignable to parameter of type 'Asked<unknown> | Nothing'.
  useQuery('issues')

  const { docs, isLoading } = useQuery(project.issues)
  // Property 'titel' does not exist on type 'DocumentRow<{ title: string; points: number; kind: "bug" | "wish"; author: { name: string; }; }>'. Did you mean 'title'?
  docs[0]?.titel

  // Property 'sort' does not exist on type 'readonly DocumentRow<{ title: string; points: number; kind: "bug" | "wish"; author: { name: string; }; }>[]'.
  docs.sort()

  // Argument of type 'number' is not assignable to parameter of type 'string'.
  useDocument(project.issues.doc(1))

  const rename = useMutation(project.mutate.rename)
  // Property 'title' is missing in type '{ id: string; }' but required in type '{ id: string; title: string; }'.
  rename.run({ id: '1' })

  // Property 'phas' does not exist on type 'Status'. Did you mean 'phase'?
  useStatus((status) => status.phas)
  return isLoading
}
