// A DuckDB database that is changed as the runner changes it, and what of two schemas differs.
import { duckdb } from '../../../src/dialect/duckdb/index.ts'
import { schemaPart } from '../../../src/dialect/duckdb/schema.ts'
import type { SqlSession } from '../../../src/dialect/session.ts'
import { planChanges } from '../../../src/schema/change/plan.ts'
import type { RenderedStatement } from '../../../src/schema/change/renderer.ts'
import { diffSnapshots } from '../../../src/schema/diff/diff.ts'
import type { Snapshot } from '../../../src/schema/model/snapshot.ts'

export interface Database {
  readonly sql: SqlSession
  load(sql: string): Promise<void>
  /** In one transaction. */
  apply(statements: readonly RenderedStatement[]): Promise<void>
  snapshot(): Promise<Snapshot>
  close(): Promise<void>
}

export async function openDatabase(url = 'duckdb::memory:'): Promise<Database> {
  const dialect = duckdb(url)
  const session = await dialect.open({ purpose: 'run' })
  const sql = session.sql as SqlSession
  const run = (statements: readonly string[]): Promise<void> =>
    sql
      .run([
        { kind: 'begin' },
        ...statements.map(statement => ({ kind: 'statement', sql: statement }) as const),
        { kind: 'commit' },
      ])
      .catch(async error => {
        await sql.rollback()
        throw new Error(`${error.message}\n${statements.join(';\n')}`)
      })
  return {
    sql,
    async load(text) {
      for (const { text: statement } of (await dialect.sql?.split(text)) ?? []) {
        await sql.run([{ kind: 'statement', sql: statement }])
      }
    },
    apply: statements => run(statements.map(statement => statement.sql)),
    snapshot: () => schemaPart.introspector.introspect(session),
    close: () => session.close(),
  }
}

export function statementsBetween(before: Snapshot, after: Snapshot): readonly RenderedStatement[] {
  const plan = planChanges(diffSnapshots(before, after), before, after, schemaPart.renderer)
  if (plan.unresolved.length > 0) throw new Error(`circle around ${plan.unresolved.join(', ')}`)
  return plan.statements
}

export function differences(before: Snapshot, after: Snapshot): string[] {
  return diffSnapshots(before, after).map(change => {
    if (change.type === 'create') return `create ${change.after.key}`
    if (change.type !== 'alter') return `${change.type} ${change.before.key}`
    const values = change.changed.map(
      name =>
        `${name} ${JSON.stringify(change.before.properties[name])} -> ${JSON.stringify(change.after.properties[name])}`,
    )
    return `alter ${change.before.key}: ${values.join('; ')}`
  })
}
