// The verbs beside a run: status, history, show, verify, stamp, repair, lock, script, on journals in every state.
import { describe, expect, it } from 'vitest'
import { GodwitError } from '../../src/core/error.ts'
import type { StepRow } from '../../src/dialect/journal.ts'
import type { Dialect } from '../../src/dialect/dialect.ts'
import { chroma } from '../../src/dialect/chroma/index.ts'
import { mysql } from '../../src/dialect/mysql/index.ts'
import { type Call, faulty } from './faulty.ts'
import { code, newPath, newSqlite, project, rowsOf, single, table, tables, using } from './project.ts'

const revisions = [table('001_one'), table('002_two')]
const refused = (dialect: Dialect) =>
  faulty(dialect, {
    before: (call: Call) => {
      if (call.what === 'open') throw new GodwitError('CONNECT.REFUSED', 'nobody there')
    },
  })

/** Every verb, each with its own error. */
async function errors(dialect: Dialect, list = revisions) {
  const godwit = single(dialect, list)
  const first = <Item>(result: { readonly databases: readonly Item[] }) => result.databases[0]
  return {
    up: (await godwit.up()).error?.code,
    down: (await godwit.down()).error?.code,
    'dry run': (await godwit.up({ dryRun: true })).error?.code,
    status: first(await godwit.status())?.error?.code,
    history: first(await godwit.history())?.error?.code,
    verify: first(await godwit.verify())?.error?.code,
    stamp: first(await godwit.stamp({ target: 'head' }))?.error?.code,
    repair: first(await godwit.repair())?.error?.code,
    'lock status': first(await godwit.lockStatus())?.error?.code,
    'lock break': first(await godwit.lockBreak())?.error?.code,
  }
}

const all = (expected: string) =>
  expect.objectContaining(
    Object.fromEntries(
      Object.keys({
        up: 0,
        down: 0,
        'dry run': 0,
        status: 0,
        history: 0,
        verify: 0,
        stamp: 0,
        repair: 0,
        'lock status': 0,
        'lock break': 0,
      }).map(verb => [verb, expected]),
    ),
  )

it('refuses a journal of a newer godwit with every verb, and changes nothing', async () => {
  const file = newSqlite()
  await single(file(), [revisions[0]!]).up()
  await using(file(), sql => sql.query('UPDATE godwit_lease SET format = 99'))
  expect(await errors(file())).toEqual(all('JOURNAL.FORMAT_NEWER'))
  expect(await tables(file())).toEqual(['one'])
  expect(await single(file(), revisions).isReady()).toBe(false)
})

it('refuses a journal with rows that godwit did not write', async () => {
  const file = newSqlite()
  await single(file(), [revisions[0]!]).up()
  await using(file(), sql => sql.query(`UPDATE godwit_revision SET kind = 'guessed'`))
  expect(await errors(file())).toMatchObject({
    up: 'JOURNAL.DAMAGED',
    status: 'JOURNAL.DAMAGED',
    verify: 'JOURNAL.DAMAGED',
  })
})

it('reports a store that does not answer, each verb for itself', async () => {
  expect(await errors(refused(newSqlite()()))).toEqual(all('CONNECT.REFUSED'))
  const [status] = (await single(refused(newSqlite()()), revisions).status()).databases
  expect(status).toMatchObject({ state: 'unreachable', heads: ['002_two'], applied: [], pending: [] })
})

it('tells an error of the store from a fault of its own', async () => {
  const codes = async (thrown: unknown) => {
    const odd = faulty(newSqlite()(), {
      before: call => {
        if (call.what === 'open') throw thrown
      },
    })
    return [...new Set(Object.values(await errors(odd)))]
  }
  for (const kind of [TypeError, ReferenceError, RangeError]) {
    expect(await codes(new kind('odd'))).toEqual(['INTERNAL.BUG'])
    expect(await codes(Object.assign(new kind('odd'), { code: 'ERR_OF_A_DRIVER' }))).toEqual(['RUN.STATEMENT_FAILED'])
  }
  expect(await codes(new Error('odd'))).toEqual(['RUN.STATEMENT_FAILED'])
  expect(await codes('a text')).toEqual(['RUN.STATEMENT_FAILED'])
})

it('has no heads when not even the files can be read', async () => {
  const source = {
    description: 'broken',
    load: () => Promise.reject(new GodwitError('FILE.FOLDER_MISSING', 'no folder')),
  }
  const godwit = project({ main: { dialect: newSqlite()(), source } })
  expect((await godwit.status()).databases[0]).toMatchObject({
    state: 'unreachable',
    heads: [],
    error: { code: 'FILE.FOLDER_MISSING' },
  })
  await expect(godwit.history()).rejects.toMatchObject({ code: 'FILE.FOLDER_MISSING' })
})

describe('lock', () => {
  it('status and break of a database without a journal: free, and nothing is made', async () => {
    const file = newSqlite()
    expect((await single(file(), revisions).lockStatus()).databases[0]?.lock).toBeNull()
    expect((await single(file(), revisions).lockBreak()).databases[0]?.lock).toBeNull()
    expect((await single(file(), revisions).status()).databases[0]?.state).toBe('uninitialised')
  })

  it('break of a lock that is free', async () => {
    const file = newSqlite()
    await single(file(), revisions).up()
    expect((await single(file(), revisions).lockBreak()).databases[0]?.lock).toBeNull()
  })
})

describe('history and show', () => {
  const described = [
    {
      id: '001_one',
      up: '-- godwit: label=billing irreversible="once"\nCREATE TABLE one (id int);\n\nDELETE FROM one;',
    },
    code('002_code', () => undefined),
    { id: '003_down', transaction: 'off' as const, up: 'SELECT 1', down: 'SELECT 2;\nSELECT 3' },
  ]

  it('offline asks no database', async () => {
    const { ok, databases } = await single(refused(newSqlite()()), described).history({ offline: true })
    expect(ok).toBe(true)
    expect(databases[0]).toMatchObject({ connected: false, heads: ['003_down'] })
    expect(databases[0]?.revisions[0]).toMatchObject({
      id: '001_one',
      labels: ['billing'],
      applied: null,
      missing: false,
      head: false,
    })
  })

  it('shows what is applied, what is pending, and what has no file', async () => {
    const file = newSqlite()
    await single(file(), [...described, table('004_gone')]).up()
    const list = [...described, { ...table('005_new'), depends: 'other:001_x' }]
    const { databases } = await single(file(), list).history()
    const rows = databases[0]?.revisions.map(({ id, applied, missing, head }) => [
      id,
      applied?.kind ?? null,
      missing,
      head,
    ])
    expect(rows).toEqual([
      ['001_one', 'applied', false, false],
      ['002_code', 'applied', false, false],
      ['003_down', 'applied', false, false],
      ['005_new', null, false, true],
      ['004_gone', 'applied', true, false],
    ])
    expect(databases[0]?.revisions[3]?.depends).toEqual(['other:001_x'])
    expect((await single(file(), list).show('001')).revision.applied?.kind).toBe('applied')
    const gone = await single(file(), list).show('004_gone')
    expect(gone).toMatchObject({
      revision: { missing: true },
      up: [],
      down: null,
      source: 'CREATE TABLE gone (id int)',
    })
    await using(file(), sql => sql.query('UPDATE godwit_revision SET source = NULL'))
    expect((await single(file(), list).show('004_gone')).source).toBeNull()
  })

  it('shows one revision whole, with or without a database', async () => {
    for (const dialect of [newSqlite()(), refused(newSqlite()())]) {
      const godwit = single(dialect, described)
      expect(await godwit.show('001')).toMatchObject({
        revision: { id: '001_one', applied: null },
        transaction: 'on',
        irreversible: 'once',
        up: [
          { text: 'CREATE TABLE one (id int)', line: 2, command: 'CREATE TABLE', transactional: true },
          { text: 'DELETE FROM one', line: 4 },
        ],
        down: null,
      })
      expect(await godwit.show('002_code')).toMatchObject({ up: [], down: null, source: null })
      expect(await godwit.show('003')).toMatchObject({ transaction: 'off', down: [{ line: 1 }, { line: 2 }] })
      await expect(godwit.show('nope')).rejects.toMatchObject({ code: 'GRAPH.TARGET_UNKNOWN' })
    }
  })
})

/** Puts a step row where a runner died. */
async function leaveStep(dialect: Dialect, step: Partial<StepRow> = {}): Promise<void> {
  await using(dialect, async (_, session) => {
    await dialect.journal.ensure(session)
    const answer = await dialect.locker.acquire(session, { owner: 'dead', holder: 'dead@host', ttlMs: 30_000 })
    if (!answer.acquired) throw new Error('the lock is free and was not given')
    const row = {
      revision: '001_one',
      direction: 'up',
      done: 1,
      running: null,
      total: 3,
      hashes: [],
      error: null,
      ...step,
    } as const
    await dialect.journal.write(session, answer.fence, [{ type: 'step', step: row }])
    await dialect.locker.release(session, answer.fence)
  })
}

describe('verify', () => {
  it('finds files that cannot be run, up and down, and code that cannot be loaded', async () => {
    const file = newSqlite()
    const list = [
      { id: '001_one', up: 'CREATE TABEL one (id int)' },
      { id: '002_two', up: 'SELECT 1', down: 'DORP TABLE two' },
      code('003_code', () => undefined),
    ]
    const [database] = (await single(file(), list).verify()).databases
    expect(database).toMatchObject({ ok: false, checked: ['files', 'graph', 'connection', 'checksums', 'journal'] })
    expect(database?.findings).toMatchObject([
      { code: 'SQL.SYNTAX_INVALID', where: { file: '001_one', line: 1 }, meta: { revision: '001_one' } },
      { code: 'SQL.SYNTAX_INVALID', meta: { revision: '002_two' } },
    ])
  })

  it('finds steps that were not finished, and parents that are pending', async () => {
    const file = newSqlite()
    await single(file(), [revisions[0]!, table('003_three')]).up()
    await leaveStep(file(), { revision: '004_half', error: 'no' })
    await leaveStep(file(), { revision: '005_doubt', running: 2 })
    const [database] = (await single(file(), [...revisions, table('003_three')]).verify()).databases
    expect(database?.findings).toMatchObject([
      { code: 'JOURNAL.PARTIAL', why: 'no', next: ['godwit up'] },
      {
        code: 'JOURNAL.STEP_IN_DOUBT',
        why: 'The run was interrupted.',
        next: ['godwit repair --done', 'godwit repair --retry'],
      },
      { code: 'VERIFY.FINDINGS', severity: 'warning', message: '003_three is applied and its parent 002_two is not' },
    ])
  })

  it('says why and where as the error did, and passes on what is no fault of a file', async () => {
    const thrown = (error: unknown) => ({
      description: 'made',
      load: async () => [
        {
          id: '001_a',
          file: undefined,
          parents: undefined,
          depends: [],
          labels: [],
          options: { transaction: 'on' as const },
          checksum: undefined,
          fileHash: undefined,
          source: undefined,
          body: () => {
            throw error
          },
        },
      ],
    })
    const verdict = async (error: unknown) =>
      (await project({ main: { dialect: newSqlite()(), source: thrown(error) } }).verify()).databases[0]
    const finding = (await verdict(new GodwitError('FILE.MODULE_FAILED', 'bare')))?.findings[0]
    expect(finding).toEqual({
      code: 'FILE.MODULE_FAILED',
      severity: 'error',
      message: 'bare',
      next: expect.any(Array),
      meta: { revision: '001_a' },
    })
    expect((await verdict(new Error('odd')))?.error?.message).toBe('odd')
    expect((await verdict(new TypeError('odd')))?.error).toMatchObject({ code: 'INTERNAL.BUG' })
  })
})

describe('repair', () => {
  const repair = async (step: Partial<StepRow>, answers: Parameters<ReturnType<typeof single>['repair']>[0] = {}) => {
    const file = newSqlite()
    await leaveStep(file(), step)
    const actions = (await single(file(), revisions).repair(answers)).databases[0]?.actions
    return { action: actions?.[0], rows: await rowsOf(file(), 'SELECT done, running, hashes FROM godwit_step') }
  }

  it('only tells what it found when it has no answer', async () => {
    expect((await repair({})).action).toEqual({
      revision: '001_one',
      found: 'its up stopped after step 1 of 3',
      done: 'nothing: the next up goes on there; --restart forgets the done part',
    })
    expect((await repair({ running: 2 })).action).toEqual({
      revision: '001_one',
      found: 'step 2 of 3 of its up is in doubt; the file of the revision has fewer steps now',
      done: 'nothing: look at the database, then --done or --retry',
    })
    expect((await repair({ running: 2, total: 0, direction: 'down' })).action).toEqual({
      revision: '001_one',
      found: 'step 2 of its down is in doubt; the file of the revision has fewer steps now',
      done: 'nothing: look at the database, then --done or --retry',
    })
  })

  it('does as told', async () => {
    const done = await repair({ running: 2, hashes: ['h'] }, { inDoubt: 'done' })
    expect(done).toMatchObject({
      action: { done: 'step 2 is recorded as done' },
      rows: [{ done: 2, running: null, hashes: '["h"]' }],
    })
    const retry = await repair({ running: 2, hashes: ['h'] }, { inDoubt: 'retry' })
    expect(retry).toMatchObject({
      action: { done: 'step 2 will be run again' },
      rows: [{ done: 1, running: null, hashes: '[]' }],
    })
    expect(await repair({ running: 2 }, { restartPartial: true })).toMatchObject({ rows: [] })
  })

  it('tells and mends edited and missing files', async () => {
    const file = newSqlite()
    await single(file(), revisions).up()
    const edited = [{ ...revisions[0]!, up: 'CREATE TABLE one (id bigint)' }]
    const actions = async (answers = {}) =>
      (await single(file(), edited).repair(answers)).databases[0]?.actions.map(({ done }) => done)
    expect(await actions()).toEqual([
      'nothing: --forget-missing removes its journal row',
      'nothing: --accept-checksums takes the file as it is',
    ])
    expect(await actions({ acceptChecksums: true, forgetMissing: true })).toEqual([
      'forgotten',
      'the journal has the new checksum',
    ])
    expect(await actions()).toEqual([])
    expect((await single(file(), edited).status()).databases[0]?.state).toBe('current')
  })
})

describe('stamp', () => {
  it('makes exactly the target and its ancestors applied, from anywhere', async () => {
    const file = newSqlite()
    const list = [...revisions, table('003_three')]
    const stamp = async (target: string) => (await single(file(), list).stamp({ target })).databases[0]
    expect(await stamp('002')).toMatchObject({ ok: true, from: [], to: ['002_two'], verified: true })
    expect((await stamp('+1'))?.steps).toMatchObject([{ revision: '002_two', direction: 'down', state: 'stamped' }])
    expect(await stamp('head')).toMatchObject({ from: ['001_one'], to: ['003_three'] })
    expect(await stamp('head')).toMatchObject({ steps: [] })
    expect(await stamp('base')).toMatchObject({ to: [] })
    expect((await stamp('nope'))?.error?.code).toBe('GRAPH.TARGET_UNKNOWN')
    expect(await tables(file())).toEqual([])
  })

  it('refuses while a revision is half done', async () => {
    const file = newSqlite()
    await leaveStep(file())
    expect((await single(file(), revisions).stamp({ target: 'head' })).error?.code).toBe('JOURNAL.PARTIAL')
  })
})

describe('script', () => {
  const list = [
    ...revisions,
    {
      id: '003_off',
      transaction: 'off' as const,
      up: 'BEGIN; DELETE FROM one; DELETE FROM two; COMMIT; VACUUM; DELETE FROM one;',
      down: 'SELECT 1',
    },
  ]
  const text = async (request: object) =>
    (await single(refused(newSqlite()()), list).script(request as never))[0]?.sql ?? ''

  it('prints the statements and journal rows of any stretch, both ways', async () => {
    const up = await text({ direction: 'up', from: '001' })
    expect(up).toMatch(/^-- godwit .*: up from 001 to head, 2 revisions, sqlite/)
    expect(up).not.toContain('CREATE TABLE one ')
    expect(up).toMatch(
      /BEGIN IMMEDIATE;\nDELETE FROM one;\nDELETE FROM two;\nCOMMIT;\nVACUUM;\nDELETE FROM one;\nINSERT INTO main.godwit_revision/,
    )
    const down = await text({ direction: 'down', target: '001', from: 'head' })
    expect(down.indexOf('-- revision 003_off (down)')).toBeLessThan(down.indexOf('DROP TABLE two;'))
    expect(await text({ direction: 'down' })).toContain(', 1 revision, ')
  })

  it('is not possible for code, nor for a store without SQL', async () => {
    await expect(
      single(newSqlite()(), [code('001_code', () => undefined)]).script({ direction: 'up' }),
    ).rejects.toMatchObject({
      code: 'RUN.OFFLINE_UNSUPPORTED',
      where: { file: '001_code' },
    })
    await expect(
      single(chroma({ url: 'chroma://localhost:8000' }), []).script({ direction: 'up' }),
    ).rejects.toMatchObject({ code: 'RUN.OFFLINE_UNSUPPORTED' })
  })

  it('writes the script of a store that commits DDL by itself without a transaction around it', async () => {
    const [script] = await single(mysql({ url: 'mysql://localhost/none' }), revisions).script({
      direction: 'up',
      target: '001',
    })
    expect(script?.sql).toMatch(/-- revision 001_one \(up\)\nCREATE TABLE one \(id int\);\nINSERT INTO/)
  })
})

it('leaves a file alone that is only looked at', async () => {
  const { sqlite } = await import('../../src/dialect/sqlite/index.ts')
  const path = newPath('db')
  const godwit = single(sqlite({ url: path }), revisions)
  await Promise.all([
    godwit.status(),
    godwit.history(),
    godwit.verify(),
    godwit.lockStatus(),
    godwit.up({ dryRun: true, target: 'base' }).catch(() => undefined),
  ])
  expect((await godwit.status()).databases[0]?.state).toBe('uninitialised')
})
