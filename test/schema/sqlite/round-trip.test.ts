// What is read can be written, and what was written reads the same: every kind of object, and where the histories of
// the corpus lead.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeSnapshot } from '../../../src/schema/model/snapshot.ts'
import { driverNames } from '../../../src/dialect/sqlite/driver/choose.ts'
import { readHistories } from '../../corpus/history.ts'
import { differences, openDatabase, statementsBetween } from './database.ts'

const everyKind = readFileSync(join(import.meta.dirname, 'every-kind.sql'), 'utf8')
const nothing = makeSnapshot('sqlite', [])

async function roundTrip(sqls: readonly string[], driver?: (typeof driverNames)[number]): Promise<number> {
  const [source, copy] = [await openDatabase(driver), await openDatabase(driver)]
  try {
    for (const sql of sqls) await source.load(sql)
    const wanted = await source.snapshot()
    expect(wanted.notCompared).toEqual([])
    await copy.apply(statementsBetween(nothing, wanted))
    expect(differences(await copy.snapshot(), wanted)).toEqual([])
    await source.apply(statementsBetween(wanted, nothing))
    expect(differences(await source.snapshot(), nothing)).toEqual([])
    return wanted.objects.length
  } finally {
    await source.close()
    await copy.close()
  }
}

for (const driver of driverNames) {
  const reason = await openDatabase(driver).then(
    database => void database.close(),
    error => String(error),
  )
  it.skipIf(reason)(`makes every kind of object again from what it read, and drops them all (${driver})`, async () => {
    expect(await roundTrip([everyKind], driver)).toBeGreaterThan(70)
  })
}

const histories = readHistories().filter(({ dialect }) => dialect === 'sqlite')
describe.skipIf(histories.length === 0)('histories of the corpus', () => {
  for (const history of histories) {
    it(`makes the schema that ${history.name} leads to`, { timeout: 60_000 }, async () => {
      const ups = [history.prelude, ...history.migrations.map(({ up }) => up)].filter(sql => sql.trim() !== '')
      expect(await roundTrip(ups.map(withoutTransaction))).toBeGreaterThan(5)
    })
  }
})

/** Each file is run in a transaction here. */
const withoutTransaction = (sql: string): string =>
  sql.replace(/^\s*(begin( transaction)?|commit( transaction)?|end transaction)\s*;/gim, '')
