// Hard pairs of schemas, there and back: applied, the next diff is empty, and the rows are as they were.
import mysql2 from 'mysql2/promise'
import { afterAll, describe, expect, it } from 'vitest'
import { unavailable } from '../../servers/databases.ts'
import { pairs } from './pairs.ts'
import {
  type Database,
  differences,
  freshDatabase,
  runOn,
  runScript,
  snapshotOf,
  statementsBetween,
} from './round-trip.ts'

const reason = await unavailable('mariadb')
const created: Database[] = []
afterAll(async () => {
  for (const one of created) await one.dispose()
})

async function databaseWith(sql: string): Promise<Database> {
  const fresh = await freshDatabase()
  created.push(fresh)
  await runScript(fresh, sql)
  return fresh
}

async function rowsOf({ url }: Database, sql: string | undefined): Promise<unknown> {
  if (sql === undefined) return undefined
  const connection = await mysql2.createConnection({ uri: url, rowsAsArray: true, dateStrings: true })
  try {
    const [rows] = await connection.query(sql)
    return rows
  } finally {
    await connection.end()
  }
}

async function lead(database: Database, wanted: Database, online: boolean): Promise<void> {
  const [before, after] = [await snapshotOf(database), await snapshotOf(wanted)]
  const statements = await statementsBetween(before, after, database.dialect, online)
  await runOn(
    database,
    statements.map(({ sql }) => sql),
  )
  expect(differences(await snapshotOf(database), after)).toEqual([])
}

describe.skipIf(reason)('MariaDB', () => {
  for (const { name, current, desired, rows, keep } of pairs) {
    it(name, { timeout: 120_000 }, async () => {
      const [database, wanted, first] = [
        await databaseWith(current),
        await databaseWith(desired),
        await databaseWith(current),
      ]
      if (rows !== undefined) await runScript(database, rows)
      const before = await rowsOf(database, keep)
      await lead(database, wanted, false)
      expect(await rowsOf(database, keep)).toEqual(before)
      await lead(database, first, true)
      expect(await rowsOf(database, keep)).toEqual(before)
    })
  }
})
