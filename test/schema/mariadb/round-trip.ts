// A schema, read out of one database, written as SQL into an empty one and read again: both must be equal.
import mysql2 from 'mysql2/promise'
import type { Dialect } from '../../../src/dialect/dialect.ts'
import { mysql } from '../../../src/dialect/mysql/index.ts'
import { split } from '../../../src/dialect/mysql/split.ts'
import type { SchemaPart } from '../../../src/dialect/schema-part.ts'
import { planChanges } from '../../../src/schema/change/plan.ts'
import type { RenderedStatement } from '../../../src/schema/change/renderer.ts'
import { diffSnapshots } from '../../../src/schema/diff/diff.ts'
import type { Snapshot } from '../../../src/schema/model/snapshot.ts'
import { freshMariadb } from '../../servers/databases.ts'

export interface Database {
  readonly url: string
  readonly dialect: Dialect
  dispose(): Promise<void>
}

export async function freshDatabase(): Promise<Database> {
  const { rootUrl, dispose } = await freshMariadb()
  return { url: rootUrl, dialect: mysql({ url: rootUrl }), dispose }
}

async function partOf(dialect: Dialect): Promise<SchemaPart> {
  const part = await dialect.schema?.()
  if (!part) throw new Error(`${dialect.name} knows no schemas`)
  return part
}

export async function snapshotOf({ dialect }: Database): Promise<Snapshot> {
  const session = await dialect.open({ purpose: 'read' })
  try {
    return await (await partOf(dialect)).introspector.introspect(session)
  } finally {
    await session.close()
  }
}

/** @throws when changes need each other in a circle */
export async function statementsBetween(
  before: Snapshot,
  after: Snapshot,
  dialect: Dialect,
  online = false,
): Promise<readonly RenderedStatement[]> {
  const { renderer } = await partOf(dialect)
  const changes = diffSnapshots(before, after, { ordered: renderer.ordered })
  const { statements, unresolved } = planChanges(changes, before, after, renderer, { online })
  if (unresolved.length > 0) throw new Error(`circle around ${unresolved.join(', ')}`)
  return statements
}

export function differences(before: Snapshot, after: Snapshot): string[] {
  return diffSnapshots(before, after, { ordered: new Set(['column']) }).map(change => {
    if (change.type === 'create') return `create ${change.after.key}`
    if (change.type !== 'alter') return `${change.type} ${change.before.key}`
    const values = change.changed.map(
      name =>
        `${name} ${JSON.stringify(change.before.properties[name])} -> ${JSON.stringify(change.after.properties[name])}`,
    )
    return `alter ${change.before.key}: ${values.join('; ')}`
  })
}

/** One statement after the other, so that an error tells which. */
export async function runOn({ url }: Database, sqls: readonly string[]): Promise<void> {
  const connection = await mysql2.createConnection({ uri: url })
  try {
    for (const sql of sqls) {
      await connection.query(sql).catch(error => {
        throw new Error(`${error instanceof Error ? error.message : String(error)}\n${sql.slice(0, 2000)}`)
      })
    }
  } finally {
    await connection.end()
  }
}

export async function runScript(database: Database, sql: string): Promise<void> {
  const statements = await split(sql)
  await runOn(
    database,
    statements.map(({ text }) => text),
  )
}
