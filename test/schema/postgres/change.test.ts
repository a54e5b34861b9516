// Hard pairs of schemas, both ways: applied in one transaction (alone what must be), the next diff is empty, the rows are
// as they were.
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { postgres } from '../../../src/dialect/postgres/index.ts'
import { planChanges } from '../../../src/schema/change/plan.ts'
import { diffSnapshots } from '../../../src/schema/diff/diff.ts'
import { freshPostgres, unavailable } from '../../servers/databases.ts'
import { pairs } from './pairs.ts'
import { differences, runOn, snapshotOf } from './round-trip.ts'

const reason = await unavailable('postgres')
const created: { dispose(): Promise<void> }[] = []
afterAll(async () => {
  for (const one of created) await one.dispose()
})

async function databaseWith(sql: string): Promise<string> {
  const fresh = await freshPostgres()
  created.push(fresh)
  await runOn(fresh.url, [sql])
  return fresh.url
}

async function rowsOf(url: string, sql: string | undefined): Promise<unknown> {
  if (sql === undefined) return undefined
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.map(row => row.map(String))
  } finally {
    await client.end()
  }
}

async function lead(url: string, wantedUrl: string, online: boolean): Promise<string[]> {
  const [before, after] = [await snapshotOf(postgres({ url })), await snapshotOf(postgres({ url: wantedUrl }))]
  const part = await postgres({ url }).schema?.()
  if (!part) throw new Error('no renderer')
  const { renderer } = part
  const plan = planChanges(diffSnapshots(before, after), before, after, renderer, { online })
  const script: string[] = ['SET check_function_bodies = off', 'BEGIN']
  for (const { sql, alone } of plan.statements) script.push(...(alone ? ['COMMIT', sql, 'BEGIN'] : [sql]))
  await runOn(url, [...script, 'COMMIT'])
  expect(plan.unresolved).toEqual([])
  return script
}

describe.skipIf(reason)('PostgreSQL 18', () => {
  for (const { name, current, desired, rows, keep } of pairs) {
    it(name, { timeout: 120_000 }, async () => {
      const [url, wanted] = [await databaseWith(current), await databaseWith(desired)]
      if (rows !== undefined) await runOn(url, [rows])
      const before = await rowsOf(url, keep)
      await lead(url, wanted, false)
      expect(differences(await snapshotOf(postgres({ url })), await snapshotOf(postgres({ url: wanted })))).toEqual([])
      if (!/f::int::boolean/.test(keep ?? '')) expect(await rowsOf(url, keep)).toEqual(before)
      const [back, there] = [await databaseWith(desired), await databaseWith(current)]
      await lead(back, there, true)
      expect(
        differences(await snapshotOf(postgres({ url: back })), await snapshotOf(postgres({ url: there }))),
      ).toEqual([])
    })
  }
})
