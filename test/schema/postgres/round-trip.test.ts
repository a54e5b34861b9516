// Every kind of object on every version: what is read can be written, and what was written reads the same.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pglite, postgres } from '../../../src/dialect/postgres/index.ts'
import { freshPostgres, unavailable } from '../../servers/databases.ts'
import type { PostgresVersion } from '../../servers/postgres.ts'
import { differences, forVersion, runOn, scriptBetween, snapshotOf } from './round-trip.ts'

const everyKind = readFileSync(join(import.meta.dirname, 'every-kind.sql'), 'utf8')
const versions: readonly PostgresVersion[] = ['14', '15', '16', '17', '18']

for (const version of versions) {
  const reason = await unavailable(version === '18' ? 'postgres' : `postgres-${version}`)
  describe.skipIf(reason)(`PostgreSQL ${version}`, () => {
    it('makes every kind of object again from what it read, and drops them all', { timeout: 120_000 }, async () => {
      const [source, copy] = [await freshPostgres(version), await freshPostgres(version)]
      try {
        await runOn(source.url, [forVersion(everyKind, Number(version))])
        const [from, to] = [postgres({ url: source.url }), postgres({ url: copy.url })]
        const [wanted, empty] = [await snapshotOf(from), await snapshotOf(to)]
        expect(wanted.notCompared).toEqual([])
        await runOn(copy.url, await scriptBetween(empty, wanted, to))
        expect(differences(await snapshotOf(to), wanted)).toEqual([])
        await runOn(source.url, await scriptBetween(wanted, empty, from))
        expect(differences(await snapshotOf(from), empty)).toEqual([])
      } finally {
        await source.dispose()
        await copy.dispose()
      }
    })
  })
}

describe('PGlite', () => {
  it('makes every kind of object again from what it read', { timeout: 120_000 }, async () => {
    const [from, to] = [pglite(), pglite()]
    // In process there is no libc locale beside C, and no second language.
    const sql = forVersion(everyKind, 18)
    const [source, copy] = [await from.open({ purpose: 'run' }), await to.open({ purpose: 'run' })]
    const version = Number(/\d+/.exec(source.serverVersion)?.[0])
    await source.sql?.queryAll([version === 18 ? sql : forVersion(everyKind, version)])
    const [wanted, empty] = [await snapshotOf(from), await snapshotOf(to)]
    await copy.sql?.queryAll(await scriptBetween(empty, wanted, to))
    expect(differences(await snapshotOf(to), wanted)).toEqual([])
    await source.close()
    await copy.close()
  })
})
