// Random pairs of schemas: what the diff says, applied to the first, gives the second, the next diff is empty, and the
// way back gives the first again. GODWIT_TEST_PAIRS says how many (default 40); GODWIT_TEST_SEED repeats a run.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unavailable } from '../../servers/databases.ts'
import { randomSchema, sqlOf } from './random-schema.ts'
import { differences, freshDatabase, runOn, snapshotOf, statementsBetween } from './round-trip.ts'

const reason = await unavailable('mariadb')
const runs = Number(process.env.GODWIT_TEST_PAIRS ?? 40)
const seed = Number(process.env.GODWIT_TEST_SEED ?? Date.now() % 1_000_000_000)

describe.skipIf(reason)('MariaDB', () => {
  it(`leads from any schema to any other and back (${runs} pairs, seed ${seed})`, {
    timeout: runs * 30_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(randomSchema, randomSchema, async (from, to) => {
        const [first, second] = [await freshDatabase(), await freshDatabase()]
        try {
          // What the server itself does not take is no schema.
          const refused = await Promise.all([runOn(first, sqlOf(from)), runOn(second, sqlOf(to))]).catch(String)
          if (typeof refused === 'string' && process.env.GODWIT_TEST_SHOW) console.log(refused)
          fc.pre(typeof refused !== 'string')
          const [before, after] = [await snapshotOf(first), await snapshotOf(second)]
          await runOn(
            first,
            (await statementsBetween(before, after, first.dialect)).map(({ sql }) => sql),
          )
          const there = await snapshotOf(first)
          expect(differences(there, after)).toEqual([])
          expect(await statementsBetween(there, after, first.dialect)).toEqual([])
          await runOn(
            first,
            (await statementsBetween(there, before, first.dialect)).map(({ sql }) => sql),
          )
          expect(differences(await snapshotOf(first), before)).toEqual([])
        } finally {
          await first.dispose()
          await second.dispose()
        }
      }),
      { numRuns: runs, seed, endOnFailure: process.env.GODWIT_TEST_SHRINK === undefined },
    )
  })
})
