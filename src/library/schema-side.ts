// One schema that a verb is given by name: a file, a database, what a history leads to.
import type { ResolvedDatabase } from '../config/resolved.ts'
import { makeScratch } from '../config/scratch.ts'
import { closedDialect, makeDialect } from '../config/store.ts'
import { kindOfName, readUrl, sqlDialects, type StoreKind } from '../config/url.ts'
import { GodwitError } from '../core/error.ts'
import type { Dialect } from '../dialect/dialect.ts'
import type { IntrospectOptions } from '../dialect/introspector.ts'
import { historySnapshot } from '../engine/schema/history-snapshot.ts'
import { loadTexts, schemaPartOf } from '../engine/schema/load-texts.ts'
import { type ScratchSource, scratchSource, withScratch } from '../engine/schema/scratch-source.ts'
import type { Snapshot } from '../schema/model/snapshot.ts'
import { readSchemaTexts, type SchemaSource, type SchemaText } from '../source/schema-source.ts'

/** Where the call is made: the configured database is asked for only when a side or the dialect needs it. */
export interface SchemaPlace {
  readonly cwd: string
  database(): Promise<ResolvedDatabase>
}

export interface SideOptions {
  /** Name of the store's kind, when neither a side nor the configured database tells it. */
  readonly dialect?: string
  /** URL of a server on which scratch databases may be made. */
  readonly scratch?: string
}

export interface SchemaSide {
  readonly source: SchemaSource
  /** Of a file or folder. */
  readonly texts?: readonly SchemaText[]
  /** A database that is read where it is, or whose history is run on scratch. */
  readonly dialect?: Dialect
  readonly kind?: StoreKind
  readonly database?: ResolvedDatabase
}

export async function openSide(source: SchemaSource, place: SchemaPlace): Promise<SchemaSide> {
  if (source.kind === 'file') return { source, texts: readSchemaTexts(source.path, place.cwd) }
  if (source.kind === 'url') {
    const { kind, url } = readUrl(source.url, place.cwd, 'url:')
    return { source, kind, dialect: await makeDialect(kind, { url }) }
  }
  const database = await place.database()
  return { source, database, dialect: database.dialect }
}

/** Which kind of store the sides are of. @throws GodwitError SCHEMA.DIALECT_MISSING SCHEMA.DIALECT_MIXED */
export async function storeOf(
  options: SideOptions,
  sides: readonly SchemaSide[],
  place: SchemaPlace,
): Promise<{ readonly kind: StoreKind; readonly dialect: Dialect }> {
  const known = sides.find(side => side.dialect)
  const named = options.dialect === undefined ? undefined : kindOfName(options.dialect)
  if (options.dialect !== undefined && named === undefined) throw dialectMissing(`${options.dialect} is no dialect`)
  if (known?.dialect) {
    const asked = named === undefined ? [] : [(await closedDialect(named)).name]
    const names = new Set([...asked, ...sides.flatMap(({ dialect }) => dialect?.name ?? [])])
    if (names.size > 1) throw dialectMixed([...names])
    const kind = known.kind ?? kindOfName(known.dialect.name)
    if (kind === undefined) throw dialectMissing(`${known.dialect.name} has no scratch database`)
    return { kind, dialect: known.dialect }
  }
  if (named !== undefined) return { kind: named, dialect: await closedDialect(named) }
  const { dialect } = await place.database().catch(() => {
    throw dialectMissing('it is not known which kind of database the SQL is for')
  })
  return { kind: kindOfName(dialect.name) as StoreKind, dialect }
}

function dialectMissing(message: string): GodwitError {
  return new GodwitError('SCHEMA.DIALECT_MISSING', message, {
    why: 'Nothing was compared.',
    next: sqlDialects.map(name => `godwit diff --dialect ${name} …`),
  })
}

function dialectMixed(names: readonly string[]): GodwitError {
  return new GodwitError('SCHEMA.DIALECT_MIXED', `${names.join(' and ')} cannot be compared with each other`, {
    why: 'Schemas are compared as the database itself reads them, so both sides and --dialect must be of one kind. Nothing was compared.',
    meta: { dialects: names },
  })
}

/** Where the SQL of the sides is loaded. */
export function scratchFor(
  kind: StoreKind,
  sides: readonly SchemaSide[],
  options: SideOptions,
  cwd: string,
): ScratchSource {
  const texts = sides.flatMap(side => side.texts?.map(({ text }) => text) ?? [])
  const beside = sides.find(side => side.dialect)?.dialect
  const { scratch: url } = options
  const found = { ...(url === undefined ? {} : { url }), ...(beside === undefined ? {} : { beside }) }
  return scratchSource(() => makeScratch({ kind, texts, cwd, ...found }))
}

/** Faults in SQL speak of revisions and of `up`, where a run finds them; here it is a schema that is read. */
function notOfRun(error: unknown): never {
  if (!(error instanceof GodwitError) || !error.code.startsWith('SQL.')) throw error
  const { code, message, where, meta } = error
  throw new GodwitError(code, message, {
    why: 'The SQL was to be loaded into a scratch database to see what it means. Nothing was run.',
    next: where === undefined ? [] : [`mend ${where.file}`],
    ...(where ? { where } : {}),
    meta,
    cause: error,
  })
}

/** @throws GodwitError SCHEMA.* SQL.* CONNECT.* */
export async function snapshotOf(
  side: SchemaSide,
  scratch: ScratchSource,
  options: IntrospectOptions,
  signal: AbortSignal | undefined,
): Promise<Snapshot> {
  const { source, texts, dialect, database } = side
  if (texts) {
    return withScratch(scratch, async empty => {
      const { snapshot, clean } = await loadTexts(empty, texts, options).catch(notOfRun)
      return { result: snapshot, clean }
    })
  }
  if (source.kind === 'history' && database) {
    return withScratch(scratch, async empty => {
      const result = await historySnapshot(database, empty, source.target, options, signal)
      return { result, clean: false }
    })
  }
  const live = dialect as Dialect
  const { introspector } = await schemaPartOf(live)
  const session = await live.open({ purpose: 'read', ...(signal ? { signal } : {}) })
  try {
    return await introspector.introspect(session, options)
  } catch (error) {
    throw live.mapError(error)
  } finally {
    await session.close()
  }
}
