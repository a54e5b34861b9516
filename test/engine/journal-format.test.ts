// A journal of an older godwit: read, refused to writers, upgraded under the lock; and the lock that is asked for twice.
import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../src/dialect/dialect.ts'
import { type Call, faulty } from './faulty.ts'
import { newSqlite, project, single, states, table, using } from './project.ts'

describe('a journal of an older godwit', () => {
  async function older(): Promise<() => Dialect> {
    const file = newSqlite()
    await single(file(), [table('001_one')]).up()
    await using(file(), async sql => {
      for (const column of ['observed', 'backend', 'backend_start']) {
        await sql.query(`ALTER TABLE godwit_step DROP COLUMN ${column}`)
      }
      await sql.query('UPDATE godwit_lease SET format = 1')
    })
    return file
  }
  const two = [table('001_one'), table('002_two')]

  it('is read as it is, and not written to', async () => {
    const file = await older()
    const godwit = single(file(), two)
    const refused = {
      code: 'JOURNAL.FORMAT_OLDER',
      meta: { found: 1, known: 2 },
      next: ['godwit repair --upgrade-journal'],
    }
    expect((await godwit.up()).error).toMatchObject(refused)
    expect((await godwit.stamp({ target: 'head' })).error).toMatchObject(refused)
    expect((await godwit.repair()).databases[0]?.error).toMatchObject(refused)
    const [status] = (await godwit.status()).databases
    expect(status).toMatchObject({
      state: 'pending',
      pending: ['002_two'],
      applied: [{ id: '001_one' }],
      error: refused,
    })
    expect((await godwit.verify()).databases[0]?.findings).toMatchObject([refused])
    expect((await godwit.history()).databases[0]?.revisions[0]?.applied?.id).toBe('001_one')
  })

  it('is upgraded when told to, once', async () => {
    const file = await older()
    const godwit = single(file(), two)
    const upgrade = async () => (await godwit.repair({ upgradeJournal: true })).databases[0]?.actions
    expect(await upgrade()).toEqual([{ revision: 'journal', found: 'it has format 1', done: 'it has format 2 now' }])
    expect(await upgrade()).toEqual([{ revision: 'journal', found: 'it has format 2 already', done: 'nothing' }])
    expect((await godwit.up()).error).toBeUndefined()
  })

  it('goes on with an upgrade that was interrupted, and refuses one whose lock is gone', async () => {
    const file = await older()
    await using(file(), sql => sql.query('ALTER TABLE godwit_step ADD COLUMN observed TEXT'))
    expect((await single(file(), two).status()).databases[0]?.applied).toHaveLength(1)
    await using(file(), async (_, session) => {
      const { journal } = file()
      await expect(journal.upgrade(session, { owner: 'nobody', fence: 99 })).rejects.toMatchObject({
        code: 'LOCK.LOST',
      })
      expect((await journal.read(session)).format).toBe(1)
    })
    expect((await single(file(), two).repair({ upgradeJournal: true })).ok).toBe(true)
    expect((await single(file(), two).up()).error).toBeUndefined()
  })
})

it('asks for the lock again when the plan grew beyond one transaction meanwhile', async () => {
  const file = newSqlite()
  const revisions = [table('001_one'), table('002_two')]
  await project({ main: { dialect: file(), revisions: [revisions[0]!] } }).up()
  let acquired = 0
  const before = async (call: Call) => {
    if (call.what === 'acquire' && ++acquired === 1) await single(file(), revisions).down()
  }
  const { error, databases } = await single(faulty(file(), { before }), revisions).up()
  expect(error).toBeUndefined()
  expect(states(databases[0])).toEqual(['001_one applied', '002_two applied'])
  expect(acquired).toBe(2)
})
