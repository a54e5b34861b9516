// The difference between two schemas as data.
import type { SchemaObject } from '../model/object.ts'

export type Change =
  | { readonly type: 'create'; readonly after: SchemaObject }
  | { readonly type: 'drop'; readonly before: SchemaObject }
  | Alteration
  | { readonly type: 'rename'; readonly before: SchemaObject; readonly after: SchemaObject }

export interface Alteration {
  readonly type: 'alter'
  readonly before: SchemaObject
  readonly after: SchemaObject
  /** Names of the properties that differ, sorted; `position` where its place among its siblings does. */
  readonly changed: readonly string[]
}
