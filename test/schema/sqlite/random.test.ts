// Random pairs of schemas with rows: the SQL from one to the other leads there, keeps what both have, and the way back
// leads back. GODWIT_TEST_PAIRS sets how many are tried, GODWIT_TEST_SEED repeats a run.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Snapshot } from '../../../src/schema/model/snapshot.ts'
import { type Database, differences, openDatabase, statementsBetween } from './database.ts'
import { randomSchema, rowsOf, type RandomSchema, sqlOf } from './random-schema.ts'

/** The rows of the test do not fit the wanted schema. */
const REFUSED = /constraint failed|cannot store|datatype mismatch|would be left without their row|foreign key mismatch/

const numRuns = Number(process.env.GODWIT_TEST_PAIRS ?? 100)
const seed = Number(process.env.GODWIT_TEST_SEED ?? Date.now() % 2 ** 31)

it(`leads from any schema to any other and back (${numRuns} pairs, seed ${seed})`, { timeout: 600_000 }, async () => {
  let kept = 0
  let refused = 0
  await fc.assert(
    fc.asyncProperty(randomSchema, randomSchema, async (a, b) => {
      const [target, wanted] = [await openDatabase(), await openDatabase()]
      try {
        await target.load(sqlOf(a).join(';\n'))
        await wanted.load(sqlOf(b).join(';\n'))
        const [before, after] = [await target.snapshot(), await wanted.snapshot()]
        const up = statementsBetween(before, after)
        await fill(target, a)
        const values = await common(target, before, after)
        try {
          await target.apply(up)
          // A table without rowids and without a column in common has nothing to copy, and says so.
          const told = up.some(({ loses }) => loses?.startsWith('the rows of'))
          if (!told) expect(await common(target, before, after)).toEqual(values)
          kept++
        } catch (error) {
          // The rows do not fit the wanted schema, and nothing was changed.
          if (!REFUSED.test(String(error))) throw error
          expect(await common(target, before, after)).toEqual(values)
          refused++
          for (const one of a.tables) await empty(target, one.name)
          await target.apply(up)
        }
        expect(differences(await target.snapshot(), after)).toEqual([])
        await target.apply(statementsBetween(await target.snapshot(), before)).catch(async error => {
          if (!REFUSED.test(String(error))) throw error
          for (const one of b.tables) await empty(target, one.name)
          await target.apply(statementsBetween(await target.snapshot(), before))
        })
        expect(differences(await target.snapshot(), before)).toEqual([])
      } finally {
        await target.close()
        await wanted.close()
      }
    }),
    { numRuns, seed },
  )
  expect(kept).toBeGreaterThan(refused)
})

async function empty(database: Database, table: string): Promise<void> {
  await database.sql.query('PRAGMA foreign_keys = OFF')
  await database.sql.query(`DELETE FROM "${table}"`)
  await database.sql.query('PRAGMA foreign_keys = ON')
}

async function fill(database: Database, schema: RandomSchema): Promise<void> {
  await database.sql.query('PRAGMA foreign_keys = OFF')
  for (const sql of rowsOf(schema)) await database.sql.query(sql).catch(() => undefined)
  await database.sql.query('PRAGMA foreign_keys = ON')
}

/** Rows of the tables that both schemas have, with the plain columns that both have. Numbers and their texts are equal. */
async function common(database: Database, before: Snapshot, after: Snapshot): Promise<unknown> {
  const found: Record<string, unknown> = {}
  const wanted = new Map(after.objects.map(object => [object.key, object]))
  for (const table of before.objects) {
    if (table.kind !== 'table' || !wanted.has(table.key)) continue
    const columns = before.objects.filter(
      ({ kind, parent, key, properties }) =>
        kind === 'column' &&
        parent === table.key &&
        wanted.has(key) &&
        !properties['generated'] &&
        !wanted.get(key)?.properties['generated'] &&
        (properties['notNull'] ?? false) === (wanted.get(key)?.properties['notNull'] ?? false),
    )
    const list = columns.map(({ path }) => `ifnull(CAST("${path[1]}" AS TEXT), 'NULL')`).join(` || ',' || `) || "''"
    const rows = await database.sql.query<{ v: string }>(`SELECT ${list} AS v FROM "${table.path[0]}" ORDER BY v`)
    found[table.key] = rows.map(({ v }) => v.replace(/(\d+)\.0\b/g, '$1'))
  }
  return found
}
