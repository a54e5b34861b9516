// Every kind of object: what is read can be written, and what was written reads the same; then everything is dropped.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshDatabase, differences, runOn, runScript, snapshotOf, statementsBetween } from './round-trip.ts'
import { unavailable } from '../../servers/databases.ts'

const reason = await unavailable('mariadb')
const everyKind = readFileSync(join(import.meta.dirname, 'every-kind.sql'), 'utf8')
const histories = join(import.meta.dirname, '../../../../shared/corpus/histories')

async function roundTrip(sql: (database: Awaited<ReturnType<typeof freshDatabase>>) => Promise<void>): Promise<void> {
  const [source, copy] = [await freshDatabase(), await freshDatabase()]
  try {
    await sql(source)
    const [wanted, empty] = [await snapshotOf(source), await snapshotOf(copy)]
    expect(wanted.notCompared).toEqual([])
    expect(JSON.stringify(wanted)).not.toContain(new URL(source.url).pathname.slice(1))
    const made = await statementsBetween(empty, wanted, copy.dialect)
    await runOn(
      copy,
      made.map(one => one.sql),
    )
    expect(differences(await snapshotOf(copy), wanted)).toEqual([])
    const gone = await statementsBetween(wanted, empty, source.dialect)
    await runOn(
      source,
      gone.map(one => one.sql),
    )
    expect(differences(await snapshotOf(source), empty)).toEqual([])
  } finally {
    await source.dispose()
    await copy.dispose()
  }
}

describe.skipIf(reason)('MariaDB', () => {
  it('makes every kind of object again from what it read, and drops them all', { timeout: 300_000 }, () =>
    roundTrip(database => runScript(database, everyKind)),
  )

  for (const name of ['authelia-mysql', 'temporal-mysql', 'tokenserver-mysql']) {
    const file = join(histories, `${name}.json`)
    it.skipIf(!existsSync(file))(`makes the last schema of ${name} again`, { timeout: 300_000 }, () =>
      roundTrip(async database => {
        const { prelude, migrations } = JSON.parse(readFileSync(file, 'utf8'))
        for (const sql of [prelude ?? '', ...migrations.map(({ up }: { up: string }) => up)])
          await runScript(database, sql)
      }),
    )
  }
})
