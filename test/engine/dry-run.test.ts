// Runs that really happen and leave nothing: in one transaction, or on a scratch database.
import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../src/dialect/dialect.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import { type Call, faulty } from './faulty.ts'
import { code, newSqlite, project, single, states, table, tables } from './project.ts'

const good = [
  table('001_one'),
  code(
    '002_code',
    async m => {
      m.log('trying')
      await m.query('CREATE TABLE made (id int)')
    },
    {
      lockTimeout: '2s',
      down: (async (m: { query(sql: string): Promise<unknown> }) => void (await m.query('DROP TABLE made'))) as never,
    } as never,
  ),
  { id: '003_set', up: '-- godwit: lock_timeout=2s\nCREATE TABLE three (id int)', down: 'DROP TABLE three' },
]
const broken = {
  id: '004_bad',
  up: '-- godwit: lock_timeout=2s\nCREATE TABLE four (id int);\nINSERT INTO nowhere VALUES (1);',
}

/** The same store, as one that cannot roll back DDL: then a scratch database is used. */
const scratchy = { capabilities: { transactionalDdl: false } }

for (const [where, doors] of [
  ['transaction', {}],
  ['scratch', scratchy],
] as const) {
  describe(where, () => {
    it('tries code and SQL, up and down, and leaves nothing', async () => {
      const file = newSqlite()
      const events: RunEvent[] = []
      const tried = await single(faulty(file(), doors), good).up({ dryRun: true, on: event => events.push(event) })
      expect(tried.error).toBeUndefined()
      expect(tried.databases[0]).toMatchObject({ dryRunIn: where, verified: true, from: [], to: [] })
      expect(states(tried.databases[0])).toEqual(['001_one tried', '002_code tried', '003_set tried'])
      expect(tried.databases[0]?.steps.map(step => step.statements)).toEqual([1, 1, 1])
      expect(await tables(file())).toEqual([])
      const ends = events.flatMap(event => (event.type === 'revision-end' ? [event.state] : []))
      expect(ends).toEqual(['tried', 'tried', 'tried'])
      expect(events).toContainEqual({ type: 'log', database: 'main', revision: '002_code', message: 'trying' })
      await single(file(), good).up()
      const back = await single(faulty(file(), doors), good).down({ dryRun: true, target: 'base' })
      expect(back.error).toBeUndefined()
      expect(states(back.databases[0])).toEqual(['003_set tried', '002_code tried', '001_one tried'])
      expect(await tables(file())).toEqual(['made', 'one', 'three'])
    })

    it('tells the fault with its place, and that nothing stays', async () => {
      const file = newSqlite()
      const events: RunEvent[] = []
      const options = { dryRun: true, on: (event: RunEvent) => void events.push(event) }
      const { error, databases } = await single(faulty(file(), doors), [...good, broken, table('005_five')]).up(options)
      expect(error).toMatchObject({
        code: 'RUN.STATEMENT_FAILED',
        exitCode: 6,
        where: { file: '004_bad', line: 3 },
        meta: { state: 'rolled-back' },
      })
      expect(error?.why).not.toMatch(/stay;|Not run: 001/)
      expect(states(databases[0])).toEqual([
        '001_one tried',
        '002_code tried',
        '003_set tried',
        '004_bad rolled-back',
        '005_five pending',
      ])
      expect(events.find(event => event.type === 'revision-failed')).toMatchObject({
        state: 'rolled-back',
        error: { code: 'RUN.STATEMENT_FAILED' },
      })
      expect(await tables(file())).toEqual([])
      expect((await single(file(), good).lockStatus()).databases[0]?.lock).toBeNull()
    })

    it('tells what code throws or forgets', async () => {
      const file = newSqlite()
      const throwing = code('002_code', async m => {
        await m.query('CREATE TABLE made (id int)')
        throw new Error('empty')
      })
      const failed = await single(faulty(file(), doors), [table('001_one'), throwing]).up({ dryRun: true })
      expect(failed.error).toMatchObject({ code: 'RUN.CODE_FAILED', message: 'empty' })
      const forgetful = code('002_code', m => void m.query('CREATE TABLE made (id int)'))
      const forgot = await single(faulty(file(), doors), [forgetful]).up({ dryRun: true })
      expect(`${forgot.error?.code} ${String(forgot.error?.meta['reason'])}`).toContain('RUN.CODE_NOT_AWAITED')
      expect(await tables(file())).toEqual([])
    })

    it('stops when it is asked to', async () => {
      const file = newSqlite()
      const stop = new AbortController()
      const revisions = [code('001_code', () => stop.abort()), table('002_two')]
      const { error } = await single(faulty(file(), doors), revisions).up({ dryRun: true, signal: stop.signal })
      expect(error?.code).toBe('RUN.ABORTED')
      expect(await tables(file())).toEqual([])
    })
  })
}

it('goes to scratch when one revision cannot be in a transaction', async () => {
  const file = newSqlite()
  const tried = await single(file(), [table('001_one'), { id: '002_off', transaction: 'off', up: 'VACUUM' }]).up({
    dryRun: true,
  })
  expect(tried.databases[0]).toMatchObject({ ok: true, dryRunIn: 'scratch' })
  const asCode = await single(file(), [code('001_code', m => m.query('SELECT 1'), { transaction: 'off' })]).up({
    dryRun: true,
  })
  expect(asCode.databases[0]).toMatchObject({ ok: true, dryRunIn: 'scratch' })
})

it('says which part it cannot try where there is no scratch database', async () => {
  const { scratch: _, ...real } = newSqlite()()
  const { error } = await single(faulty(real as Dialect, scratchy), [table('001_one')]).up({ dryRun: true })
  expect(error).toMatchObject({ code: 'RUN.DRY_RUN_UNSUPPORTED', next: expect.arrayContaining(['godwit up --sql']) })
})

it('removes the scratch database when even opening it fails', async () => {
  const real = newSqlite()()
  let disposed = 0
  const dialect: Dialect = {
    ...faulty(real, scratchy),
    scratch: async () => {
      const made = (await real.scratch?.())!
      const before = (call: Call) => {
        if (call.what === 'open') throw new Error('no connection left')
      }
      return { dialect: faulty(made.dialect, { before }), dispose: () => made.dispose().then(() => void disposed++) }
    },
  }
  const { error } = await single(dialect, [table('001_one')]).up({ dryRun: true })
  expect(error?.message).toBe('no connection left')
  expect(disposed).toBe(1)
})

it('waits for no other database, and reports a store error as it is', async () => {
  const a = newSqlite()
  const b = newSqlite()
  const before = (call: Call) => {
    if (call.item?.kind === 'statement') throw new Error('made by the test')
  }
  const godwit = project({
    a: { dialect: a(), revisions: [table('001_a', 'a')] },
    b: { dialect: faulty(b(), { before }), revisions: [{ ...table('001_b', 'b'), depends: 'a:001_a' }] },
  })
  const { databases } = await godwit.up({ dryRun: true })
  expect(databases.map(({ ok }) => ok)).toEqual([true, false])
})

it('names a fault of its own, which is no failure of a statement', async () => {
  for (const capabilities of [{}, { transactionalDdl: false }]) {
    const before = (call: Call) => {
      if (call.item?.kind === 'statement') throw new TypeError('odd')
    }
    const real = newSqlite()()
    const dialect: Dialect = {
      ...faulty(real, { before, capabilities }),
      scratch: async () => {
        const made = (await real.scratch?.())!
        return { ...made, dialect: faulty(made.dialect, { before }) }
      },
    }
    const { error } = await single(dialect, [table('001_one')]).up({ dryRun: true })
    expect(error).toMatchObject({ code: 'INTERNAL.BUG', message: 'godwit met a fault of its own: odd' })
  }
})
