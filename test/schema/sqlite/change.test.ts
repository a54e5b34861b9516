// Hard pairs on every driver that is there: applied with rows in the tables, the second diff is empty, the way back works.
import { describe, expect, it } from 'vitest'
import { driverNames } from '../../../src/dialect/sqlite/driver/choose.ts'
import { type Database, differences, openDatabase, statementsBetween } from './database.ts'
import { pairs } from './pairs.ts'

for (const driver of driverNames) {
  const reason = await openDatabase(driver).then(
    database => void database.close(),
    error => String(error),
  )
  describe.skipIf(reason)(`SQLite (${driver})`, () => {
    for (const pair of pairs) {
      it(pair.name, async () => {
        const [target, wanted] = [await openDatabase(driver), await openDatabase(driver)]
        try {
          await target.load(pair.current)
          await wanted.load(pair.desired)
          if (pair.rows) await target.load(pair.rows)
          const [before, after] = [await target.snapshot(), await wanted.snapshot()]
          const kept = await rowsOf(target, pair.keep)
          const up = statementsBetween(before, after)
          const script = up.map(({ sql }) => sql).join(';\n')
          for (const pattern of pair.contains ?? []) expect(script).toMatch(pattern)
          for (const pattern of pair.lacks ?? []) expect(script).not.toMatch(pattern)
          await target.apply(up)
          expect(differences(await target.snapshot(), after)).toEqual([])
          expect(await rowsOf(target, pair.keep), script).toEqual(kept)
          if (pair.then) expect(await rowsOf(target, pair.then[0])).toEqual(pair.then[1])
          const [violation] = await target.sql.query('PRAGMA foreign_key_check')
          expect(violation).toBeUndefined()
          await target.apply(statementsBetween(await target.snapshot(), before))
          expect(differences(await target.snapshot(), before)).toEqual([])
        } finally {
          await target.close()
          await wanted.close()
        }
      })
    }
  })
}

const rowsOf = async (database: Database, sql: string | undefined): Promise<unknown[]> =>
  sql === undefined ? [] : database.sql.query(sql)
