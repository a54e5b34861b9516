// A schema, read out of one database, written as SQL into an empty one and read again: both must be equal.
import pg from 'pg'
import type { SchemaPart } from '../../../src/dialect/schema-part.ts'
import type { Dialect } from '../../../src/dialect/dialect.ts'
import { planChanges } from '../../../src/schema/change/plan.ts'
import { diffSnapshots } from '../../../src/schema/diff/diff.ts'
import type { Snapshot } from '../../../src/schema/model/snapshot.ts'

/** Without the blocks that need a newer server. */
export function forVersion(sql: string, version: number): string {
  return sql.replace(/^-- since (\d+)\n([\s\S]*?)^-- end\n/gm, (_, since: string, block: string) =>
    Number(since) <= version ? block : '',
  )
}

async function schemaPartOf(dialect: Dialect): Promise<SchemaPart> {
  const part = await dialect.schema?.()
  if (!part) throw new Error(`${dialect.name} knows no schemas`)
  return part
}

export async function snapshotOf(dialect: Dialect): Promise<Snapshot> {
  const session = await dialect.open({ purpose: 'read' })
  try {
    return await (await schemaPartOf(dialect)).introspector.introspect(session)
  } finally {
    await session.close()
  }
}

/** Statements that lead from one schema to the other, in one script. */
export async function scriptBetween(
  before: Snapshot,
  after: Snapshot,
  dialect: Dialect,
  online = false,
): Promise<string[]> {
  const renderer = (await schemaPartOf(dialect)).renderer
  const plan = planChanges(diffSnapshots(before, after), before, after, renderer, { online })
  return [
    'SET check_function_bodies = off',
    ...plan.statements.map(({ sql }) => sql),
    ...plan.unresolved.map(key => `circle around ${key}`),
  ]
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

/** One statement after the other, so that an error tells which. */
export async function runOn(url: string, sqls: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const sql of sqls) {
      await client.query(sql).catch(error => {
        throw new Error(`${error instanceof Error ? error.message : String(error)}\n${sql.slice(0, 2000)}`)
      })
    }
  } finally {
    await client.end()
  }
}
