// A journal that was changed by hand in ways that only the engine can see, against revisions and clock.
import { describe, expect, it } from 'vitest'
import { newSqlite, single, using } from './project.ts'

const revisions = [
  { id: '001_one', up: 'CREATE TABLE one (id int)' },
  { id: '002_two', up: 'CREATE TABLE two (id int)' },
]
const other = [{ id: '100_bills', up: 'CREATE TABLE bills (id int)' }]

describe('a journal that was changed by hand', () => {
  it('without checksums is found by verify, and mended by accepting the files', async () => {
    const file = newSqlite()
    await single(file(), revisions).up()
    await using(file(), sql =>
      sql.query(`UPDATE godwit_revision SET checksum = NULL, file_hash = NULL WHERE sequence = 1`),
    )
    const found = (await single(file(), revisions).verify()).databases[0]?.findings
    expect(found).toMatchObject([
      { severity: 'warning', message: expect.stringMatching(/^001_one is recorded without a checksum/) },
    ])
    const { databases } = await single(file(), revisions).repair({ acceptChecksums: true })
    expect(databases[0]?.actions).toMatchObject([{ revision: '001_one', done: 'the journal has the new checksum' }])
    expect((await single(file(), revisions).verify()).databases[0]?.findings).toEqual([])
  })

  it('tells a lease whose times no runner would leave', async () => {
    const file = newSqlite()
    await single(file(), revisions).up()
    const refused = async (heartbeat: string, expiry: string) => {
      const time = (change: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '${change}')`
      await using(file(), sql =>
        sql.query(
          `UPDATE godwit_lease SET owner = 'x', holder = 'ada@laptop pid 1', backend = 'elsewhere:1', ` +
            `heartbeat_at = ${time(heartbeat)}, expires_at = ${time(expiry)} WHERE id = 1`,
        ),
      )
      const more = [...revisions, { id: '003_three', up: 'CREATE TABLE three (id int)' }]
      return (await single(file(), more).up({ lockWaitMs: 0 })).error
    }
    expect(await refused('-1 seconds', '+20 seconds')).toMatchObject({
      code: 'LOCK.HELD',
      why: expect.not.stringContaining('edited'),
      next: expect.arrayContaining(['godwit up --lock-wait 5min']),
    })
    expect((await refused('+9 years', '+10 years'))?.why).toContain('lies in the future')
    expect((await refused('-1 seconds', '+10 years'))?.why).toContain('more than a day after its last sign of life')
  })
})

it('refuses the database of another project, and tells it in one finding', async () => {
  const file = newSqlite()
  await single(file(), revisions).up()
  expect((await single(file(), other).up()).error?.code).toBe('JOURNAL.OTHER_PROJECT')
  expect((await single(file(), other).stamp({ target: '100_bills' })).databases[0]?.error?.code).toBe(
    'JOURNAL.OTHER_PROJECT',
  )
  const [status] = (await single(file(), other).status()).databases
  expect(status).toMatchObject({ state: 'drifted', findings: [{ code: 'JOURNAL.OTHER_PROJECT' }] })
})
