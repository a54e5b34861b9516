// The difference between two schemas, wherever they come from, as data and as SQL. Only scratch databases are changed.
import type { Dialect } from '../dialect/dialect.ts'
import type { IntrospectOptions } from '../dialect/introspector.ts'
import { compareSchemas, type SchemaDiff } from '../engine/schema/compare.ts'
import { annotatedAnswers, type RenameAnswer, type RenamePolicy } from '../schema/diff/answer.ts'
import type { Snapshot } from '../schema/model/snapshot.ts'
import { parseSchemaSource } from '../source/schema-source.ts'
import { openSide, type SchemaPlace, type SideOptions, scratchFor, snapshotOf, storeOf } from './schema-side.ts'

export interface DiffSourcesOptions extends SideOptions {
  /** `history`, `live`, `file:PATH`, `url:URL`. */
  readonly from: string
  readonly to: string
  /** Default `ask`. */
  readonly renames?: RenamePolicy
  readonly answers?: readonly RenameAnswer[]
  /** Statements that do not block writers. Default false. */
  readonly online?: boolean
  readonly introspect?: IntrospectOptions
  readonly signal?: AbortSignal
}

export interface SourcesDiff extends SchemaDiff {
  readonly dialect: Dialect
  readonly from: Snapshot
  readonly to: Snapshot
}

/** @throws GodwitError SCHEMA.* SQL.* CONFIG.* CONNECT.* */
export async function diffSources(options: DiffSourcesOptions, place: SchemaPlace): Promise<SourcesDiff> {
  const sides = [
    await openSide(parseSchemaSource(options.from, '--from'), place),
    await openSide(parseSchemaSource(options.to, '--to'), place),
  ] as const
  const { kind, dialect } = await storeOf(options, sides, place)
  const scratch = scratchFor(kind, sides, options, place.cwd)
  try {
    const introspect = options.introspect ?? {}
    const from = await snapshotOf(sides[0], scratch, introspect, options.signal)
    const to = await snapshotOf(sides[1], scratch, introspect, options.signal)
    const answers = [
      ...(options.answers ?? []),
      ...annotatedAnswers(sides[1].texts?.map(({ text }) => text).join('\n') ?? ''),
    ]
    const renames = options.renames ?? 'ask'
    const request = { from, to, dialect, scratch, renames, answers, online: options.online ?? false, introspect }
    return { ...(await compareSchemas(request)), dialect, from, to }
  } finally {
    await scratch.dispose()
  }
}
