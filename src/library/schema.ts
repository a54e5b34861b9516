// One schema, read from anywhere: as SQL that makes it, or as data.
import type { Dialect } from '../dialect/dialect.ts'
import type { IntrospectOptions } from '../dialect/introspector.ts'
import type { TypescriptPart } from '../dialect/typescript-type.ts'
import { GodwitError } from '../core/error.ts'
import { schemaPartOf } from '../engine/schema/load-texts.ts'
import { planChanges } from '../schema/change/plan.ts'
import type { RenderedStatement, Renderer } from '../schema/change/renderer.ts'
import { diffSnapshots } from '../schema/diff/diff.ts'
import { makeSnapshot, type Snapshot } from '../schema/model/snapshot.ts'
import { parseSchemaSource } from '../source/schema-source.ts'
import { openSide, type SchemaPlace, type SideOptions, scratchFor, snapshotOf, storeOf } from './schema-side.ts'

export interface ReadSchemaOptions extends SideOptions {
  /** `history`, `live`, `file:PATH`, `url:URL`. */
  readonly from: string
  readonly introspect?: IntrospectOptions
  readonly signal?: AbortSignal
}

export interface ReadSchema {
  readonly dialect: Dialect
  readonly renderer: Renderer
  /** Absent: it is not known what the store's driver gives. */
  readonly typescript?: TypescriptPart
  readonly snapshot: Snapshot
}

/** @throws GodwitError SCHEMA.* SQL.* CONFIG.* CONNECT.* */
export async function readSchema(options: ReadSchemaOptions, place: SchemaPlace): Promise<ReadSchema> {
  const side = await openSide(parseSchemaSource(options.from, '--from'), place)
  const { kind, dialect } = await storeOf(options, [side], place)
  const scratch = scratchFor(kind, [side], options, place.cwd)
  try {
    const { renderer, typescript } = await schemaPartOf(dialect)
    const snapshot = await snapshotOf(side, scratch, options.introspect ?? {}, options.signal)
    return { dialect, renderer, ...(typescript ? { typescript } : {}), snapshot }
  } finally {
    await scratch.dispose()
  }
}

/** The statements that make a schema in an empty database, in an order that works. */
export function createStatements({ renderer, snapshot }: ReadSchema): readonly RenderedStatement[] {
  const nothing = makeSnapshot(snapshot.dialect, [])
  const { statements, unresolved } = planChanges(diffSnapshots(nothing, snapshot), nothing, snapshot, renderer)
  if (unresolved.length === 0) return statements
  throw new GodwitError(
    'SCHEMA.CHANGES_CIRCULAR',
    `these objects need each other in a circle: ${unresolved.join(', ')}`,
    {
      why: 'No order of statements makes them that godwit knows of.',
      meta: { objects: unresolved },
    },
  )
}
