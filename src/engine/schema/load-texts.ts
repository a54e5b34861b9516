// SQL files as a schema: loaded into an empty scratch database of the same kind and read back, so that the database
// itself says what they mean. Where DDL rolls back, it does, and the scratch database stays empty.
import { GodwitError } from '../../core/error.ts'
import type { Dialect } from '../../dialect/dialect.ts'
import type { IntrospectOptions } from '../../dialect/introspector.ts'
import type { SchemaPart } from '../../dialect/schema-part.ts'
import { BatchFailure, type BatchItem, type Session } from '../../dialect/session.ts'
import type { Snapshot } from '../../schema/model/snapshot.ts'
import type { SchemaText } from '../../source/schema-source.ts'
import { type PreparedStatement, prepareSql } from '../prepare.ts'

export interface Loaded {
  readonly snapshot: Snapshot
  /** Nothing is left in the database. */
  readonly clean: boolean
}

/** What else is done in the scratch database before it is read: SQL that runs after the texts. */
export interface LoadOptions extends IntrospectOptions {
  readonly then?: readonly string[]
}

/** @throws GodwitError SCHEMA.LOAD_FAILED with file and place, SCHEMA.EXTENSION_MISSING, SQL.* */
export async function loadTexts(
  dialect: Dialect,
  texts: readonly SchemaText[],
  options: LoadOptions = {},
): Promise<Loaded> {
  const part = await schemaPartOf(dialect)
  const statements: PreparedStatement[] = []
  for (const text of texts) statements.push(...(await prepareText(dialect, text)))
  const session = await dialect.open({ purpose: 'run' })
  try {
    const rollsBack =
      dialect.capabilities.transactionalDdl && statements.every(statement => statement.class.transactional)
    if (rollsBack) await run(dialect, session, [{ kind: 'begin' }], [])
    for (const sql of (await part.needs?.(
      session,
      statements.map(statement => statement.text),
    )) ?? []) {
      await run(dialect, session, [{ kind: 'statement', sql }], [])
    }
    const items = statements.map(
      (statement): BatchItem => ({ kind: 'statement', sql: statement.text, ...(rollsBack ? {} : { alone: true }) }),
    )
    await run(dialect, session, items, statements)
    for (const sql of options.then ?? []) await run(dialect, session, [{ kind: 'statement', sql }], [])
    const snapshot = await part.introspector.introspect(session, options)
    return { snapshot, clean: rollsBack }
  } finally {
    await session.sql?.rollback()
    await session.close()
  }
}

/** @throws GodwitError SCHEMA.UNSUPPORTED */
export async function schemaPartOf(dialect: Dialect): Promise<SchemaPart> {
  const part = await dialect.schema?.()
  if (part) return part
  throw new GodwitError('SCHEMA.UNSUPPORTED', `schemas of ${dialect.name} cannot be compared`, {
    why: 'This store has no introspection in godwit. Nothing was done.',
  })
}

/** BEGIN and COMMIT of a dump, and the guards that newer pg_dump writes around its text, say nothing of the schema. */
async function prepareText(dialect: Dialect, { file, text }: SchemaText): Promise<readonly PreparedStatement[]> {
  const plain = text.replace(/^\\(un)?restrict\b[^\r\n]*/gm, line => ' '.repeat(line.length))
  const section = { file, blocks: [{ text: plain, line: 1, whole: false }] }
  const { statements } = await prepareSql(dialect, { id: file, options: { transaction: 'off' } }, section)
  return statements
}

async function run(
  dialect: Dialect,
  session: Session,
  items: readonly BatchItem[],
  statements: readonly PreparedStatement[],
): Promise<void> {
  try {
    await session.sql?.run(items)
  } catch (error) {
    if (!(error instanceof BatchFailure)) throw dialect.mapError(error)
    const at = statements[error.index]
    const mapped = dialect.mapError(error.cause)
    const where = at?.locate(error.offset)
    throw new GodwitError('SCHEMA.LOAD_FAILED', mapped.message, {
      why: 'The SQL was loaded into a scratch database to see what it means; that database is gone. Nothing else was touched.',
      next:
        mapped.next.length > 0 && mapped.code !== 'RUN.STATEMENT_FAILED'
          ? mapped.next
          : where?.file
            ? [`mend ${where.file}`]
            : [],
      ...(where ? { where } : {}),
      meta: { ...mapped.meta },
      cause: error,
    })
  }
}
