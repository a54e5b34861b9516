// What a dialect must know to turn changes into SQL. The order of the statements, and what must be dropped and made
// again around a change, is decided by `planChanges`; a renderer answers for one object at a time.
import type { SchemaObject } from '../model/object.ts'
import type { SnapshotIndex } from '../model/snapshot.ts'
import type { Alteration, Change } from './change.ts'

export interface RenderedStatement {
  /** Without a terminator. */
  readonly sql: string
  /** Must run outside of a transaction (CONCURRENTLY). Default false. */
  readonly alone?: boolean
  /** Data that is gone afterwards, for people: `the column invoice.note and its values`. */
  readonly loses?: string
  /** Something people should know, printed as a comment above the statement. */
  readonly note?: string
}

export interface Rendered {
  readonly statements: readonly RenderedStatement[]
  /** Keys of other changes that these statements carry out too: parts made inside CREATE TABLE, parts that vanish with a DROP. */
  readonly includes?: readonly string[]
  /** Only of `rebuild`: keys of other tables that these statements rebuild too, so that they are not asked for. */
  readonly rebuilt?: readonly string[]
}

export interface RenderContext {
  readonly before: SnapshotIndex
  readonly after: SnapshotIndex
  /** Parts that must be made or dropped by statements of their own, because a cycle would arise otherwise: never in `includes`. */
  readonly separate: ReadonlySet<string>
  /** Forms that do not block writers are wanted: CONCURRENTLY, NOT VALID + VALIDATE. */
  readonly online: boolean
}

export interface Renderer {
  /** Kinds whose position among siblings is compared and can be changed. Elsewhere a difference in order is only told. */
  readonly ordered: ReadonlySet<string>
  /** Makes an object of `context.after`. Parts may be made along with it (`includes`). */
  create(object: SchemaObject, context: RenderContext): Rendered
  /** Drops an object of `context.before`; parts that vanish with it are in `includes`. */
  drop(object: SchemaObject, context: RenderContext): Rendered
  /** Changes it in place with its data kept, or says that it has to be dropped and made again. */
  alter(change: Alteration, context: RenderContext): Rendered | 'recreate'
  /** Kinds that `rename` can do. Default tables and columns. */
  readonly renamable?: ReadonlySet<string>
  /** Gives an object its new name; what depends on it follows by itself. */
  rename(before: SchemaObject, after: SchemaObject, context: RenderContext): Rendered
  /**
   * Objects of `context.before` that do not follow these renames by themselves (views, where the store keeps their text),
   * what they need first: dropped before a rename and made again after the way back. Default none.
   */
  lagging?(renamed: readonly SchemaObject[], context: RenderContext): readonly SchemaObject[]
  /**
   * True when `dependent` (an object of `before` that depends on the changed or recreated one) must be dropped before
   * and made again after. Asked for dependents of alterations and of objects that are recreated. Default for recreated
   * ones: true.
   */
  breaks?(
    change: Alteration | 'recreate',
    object: SchemaObject,
    dependent: SchemaObject,
    context: RenderContext,
  ): boolean
  /**
   * All changes of one table and its parts at once, where the store cannot ALTER them one by one (SQLite's rebuild).
   * `recreated`: keys of parts and dependents that the statements make again by themselves. Undefined: one by one.
   */
  rebuild?(
    table: { readonly before: SchemaObject; readonly after: SchemaObject },
    changes: readonly Change[],
    context: RenderContext,
  ): Rendered | undefined
  /** Names that cannot be held by two objects at once, beyond equal keys: `relation:public.a` for tables, views, indexes and sequences. */
  claims?(object: SchemaObject): readonly string[]
  /** Order among changes that do not depend on each other: smaller first. Default 0. */
  rank?(object: SchemaObject): number
}
