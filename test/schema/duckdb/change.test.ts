// Hard pairs with rows in the tables: equal by the independent comparer where it is there, the second diff is empty, and
// the way back works.
import { existsSync } from 'node:fs'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeSnapshot } from '../../../src/schema/model/snapshot.ts'
import { comparerFile } from '../../corpus/history.ts'
import { loadComparer } from '../../corpus/plain-client.ts'
import { freshDuckdb } from '../../servers/databases.ts'
import { type Database, differences, openDatabase, statementsBetween } from './database.ts'
import { pairs } from './pairs.ts'

const everyKind = readFileSync(join(import.meta.dirname, 'every-kind.sql'), 'utf8')

/** Both databases are files, closed by `use`, so that the comparer can open them. */
async function withTwo(use: (target: Database, wanted: Database) => Promise<void>): Promise<void> {
  const files = [await freshDuckdb(), await freshDuckdb()] as const
  try {
    const [target, wanted] = [await openDatabase(files[0].url), await openDatabase(files[1].url)]
    try {
      await use(target, wanted)
    } finally {
      await target.close()
      await wanted.close()
    }
    if (!existsSync(comparerFile)) return
    const { fingerprint, compare } = await loadComparer()
    const of = (file: string) => fingerprint({ dialect: 'duckdb', file })
    const { differences: found } = compare(await of(files[0].file), await of(files[1].file))
    expect(found.filter(({ cat }) => cat !== 'columnorder')).toEqual([])
  } finally {
    for (const file of files) await file.dispose()
  }
}

describe('DuckDB', () => {
  for (const pair of pairs) {
    it(pair.name, { timeout: 30_000 }, async () => {
      await withTwo(async (target, wanted) => {
        await target.load(pair.current)
        await wanted.load(pair.desired)
        if (pair.rows) await target.load(pair.rows)
        const [before, after] = [await target.snapshot(), await wanted.snapshot()]
        const kept = pair.keep ? await target.sql.query(pair.keep) : []
        const up = statementsBetween(before, after)
        const script = up.map(({ sql }) => sql).join(';\n')
        for (const pattern of pair.contains ?? []) expect(script).toMatch(pattern)
        for (const pattern of pair.lacks ?? []) expect(script).not.toMatch(pattern)
        await target.apply(up)
        expect(differences(await target.snapshot(), after)).toEqual([])
        if (pair.keep) expect(await target.sql.query(pair.keep), script).toEqual(kept)
        await target.apply(statementsBetween(after, before))
        expect(differences(await target.snapshot(), before)).toEqual([])
        await target.apply(statementsBetween(before, after))
      })
    })
  }

  it('makes every kind of object again from what it read, and drops them all', { timeout: 30_000 }, async () => {
    const nothing = makeSnapshot('duckdb', [])
    await withTwo(async (copy, source) => {
      await source.load(everyKind)
      const wanted = await source.snapshot()
      expect(wanted.objects.length).toBeGreaterThan(45)
      await copy.apply(statementsBetween(nothing, wanted))
      expect(differences(await copy.snapshot(), wanted)).toEqual([])
      await copy.apply(statementsBetween(wanted, nothing))
      expect(differences(await copy.snapshot(), nothing)).toEqual([])
      await copy.apply(statementsBetween(nothing, wanted))
    })
  })
})
