// One run from beginning to end: hooks, verification, the audit row, and what is refused before anything is done.
import { describe, expect, it } from 'vitest'
import { GodwitError } from '../../src/core/error.ts'
import type { HookContext, RunHooks } from '../../src/engine/hook.ts'
import { loadHistory } from '../../src/engine/history.ts'
import { memorySource } from '../../src/source/memory.ts'
import { type Call, faulty } from './faulty.ts'
import { configOf, newSqlite, project, rowsOf, single, states, table, tables, using } from './project.ts'

const revisions = [table('001_one'), table('002_two'), table('003_three')]

describe('a hook that throws', () => {
  const cases: [keyof RunHooks, string[], string][] = [
    ['beforeRun', [], 'No revision was started.'],
    ['beforeRevision', ['one'], '002_two was not started.'],
    ['afterRevision', ['one', 'two'], '002_two is applied and stays so.'],
    ['afterRun', ['one', 'three', 'two'], 'The revisions of this run stay as they are.'],
  ]
  for (const [name, there, fate] of cases) {
    it(`${name}: stops there and says what stays`, async () => {
      const file = newSqlite()
      const called: string[] = []
      const throwing = (context: HookContext & { readonly revision?: string }) => {
        if (context.revision === undefined || context.revision === '002_two')
          throw name === 'afterRun' ? 'text' : new Error('no')
      }
      const hooks: RunHooks = {
        afterRun: ({ result }) => void called.push(`after ${result.ok} ${result.error?.code}`),
        [name]: throwing,
      }
      const { error } = await single(file(), revisions, { hooks }).up()
      expect(error).toMatchObject({
        code: 'RUN.HOOK_FAILED',
        message: `the hook ${name} failed: ${name === 'afterRun' ? 'text' : 'no'}`,
      })
      expect(error?.why).toContain(fate)
      expect(await tables(file())).toEqual(there)
      if (name !== 'afterRun') expect(called).toEqual(['after false RUN.HOOK_FAILED'])
      expect((await single(file(), revisions).lockStatus()).databases[0]?.lock).toBeNull()
      const runs = await rowsOf(file(), 'SELECT ok, error FROM godwit_run')
      expect(runs).toMatchObject([{ ok: 0, error: 'RUN.HOOK_FAILED' }])
    })
  }

  it('does not hide the failure of the run', async () => {
    const file = newSqlite()
    const hooks = { afterRun: () => Promise.reject(new Error('no')) }
    const { error } = await single(file(), [{ id: '001_bad', up: 'INSERT INTO nowhere VALUES (1)' }], { hooks }).up()
    expect(error?.code).toBe('RUN.STATEMENT_FAILED')
  })
})

describe('verification', () => {
  it('tells when the journal is not as planned after the run', async () => {
    const file = newSqlite()
    for (const [direction, tamper] of [
      ['up', `DELETE FROM godwit_revision WHERE id = '002_two'`],
      [
        'down',
        `INSERT INTO godwit_revision SELECT '003_three', NULL, NULL, NULL, applied_at, ms, statements, kind, applied_by, tool, run, 99, fence FROM godwit_revision LIMIT 1`,
      ],
    ] as const) {
      let reads = 0
      const before = async (call: Call) => {
        if (call.what === 'read' && ++reads === 3) await using(file(), sql => sql.query(tamper))
      }
      const { error, databases } = await single(faulty(file(), { before }), revisions)[direction]()
      expect(error).toMatchObject({ code: 'RUN.NOT_VERIFIED', exitCode: 7 })
      expect(error?.message).toContain(direction === 'up' ? '002_two as applied' : '003_three as undone')
      expect(databases[0]?.verified).toBe(false)
      if (direction === 'up') await single(file(), revisions).stamp({ target: 'head' })
    }
  })

  it('passes on an error of the store', async () => {
    const file = newSqlite()
    let reads = 0
    const before = (call: Call) => {
      if (call.what === 'read' && ++reads === 3) throw new Error('disk I/O')
    }
    const { error, databases } = await single(faulty(file(), { before }), revisions).up()
    expect(error?.message).toBe('disk I/O')
    expect(states(databases[0])).toEqual(['001_one applied', '002_two applied', '003_three applied'])
  })
})

describe('the audit row', () => {
  const failing = (type: 'run-start' | 'run-end', make: () => unknown) => ({
    before: (call: Call) => {
      if (call.writes?.some(write => write.type === type)) throw make()
    },
  })

  it('that cannot be begun stops the run before anything is done, and forgets the stop signal', async () => {
    const file = newSqlite()
    const stop = new AbortController()
    const dialect = faulty(
      file(),
      failing('run-start', () => new Error('full')),
    )
    const { error } = await single(dialect, revisions).up({ signal: stop.signal })
    expect(error?.message).toBe('full')
    expect(await tables(file())).toEqual([])
    stop.abort()
  })

  it('that cannot be ended is told', async () => {
    const file = newSqlite()
    const { error } = await single(
      faulty(
        file(),
        failing('run-end', () => new Error('full')),
      ),
      revisions,
    ).up()
    expect(error?.message).toBe('full')
    expect(await tables(file())).toHaveLength(3)
  })

  it('that cannot be ended because the lock is gone is told as that', async () => {
    const file = newSqlite()
    const hooks = {
      afterRun: async () => using(file(), (_, session) => file().locker.break(session)).then(() => undefined),
    }
    expect((await single(file(), revisions, { hooks }).up()).error?.code).toBe('LOCK.LOST')
  })
})

it('stops what was asked to stop just before its first revision', async () => {
  const file = newSqlite()
  const stop = new AbortController()
  const after = (call: Call) => {
    if (call.writes?.some(write => write.type === 'run-start')) stop.abort()
  }
  const { error } = await single(faulty(file(), { after }), revisions).up({ signal: stop.signal })
  expect(error?.code).toBe('RUN.ABORTED')
  expect(await tables(file())).toEqual([])
})

describe('a journal that cannot be made', () => {
  const refusing = (make: () => unknown) => ({
    before: (call: Call) => {
      if (call.what === 'ensure') throw make()
    },
  })

  it('is told with what was being made, and what the store said', async () => {
    const odd = await single(
      faulty(
        newSqlite()(),
        refusing(() => new Error('no')),
      ),
      revisions,
    ).up()
    expect(odd.error).toMatchObject({ message: 'no', why: expect.stringMatching(/^godwit was making its journal/i) })
    const denied = () => new GodwitError('RUN.PERMISSION_DENIED', 'no', { why: 'not yours', where: { file: 'here' } })
    const told = await single(faulty(newSqlite()(), refusing(denied)), revisions).up()
    expect(told.error).toMatchObject({ code: 'RUN.PERMISSION_DENIED', where: { file: 'here' } })
    expect(told.error?.why).toMatch(/^not yours\W+godwit was making its journal/i)
  })
})

describe('drift', () => {
  it('elsewhere does not keep a revision from being undone', async () => {
    const file = newSqlite()
    await single(file(), revisions).up()
    const [one, two, three] = revisions as [(typeof revisions)[0], (typeof revisions)[0], (typeof revisions)[0]]
    const edited = { ...one, up: 'CREATE TABLE one (id bigint)' }
    expect((await single(file(), [edited, two, three]).down()).error).toBeUndefined()
    expect((await single(file(), [edited, two]).down({ target: 'base' })).error).toMatchObject({
      code: 'JOURNAL.CHECKSUM_CHANGED',
      meta: { diff: expect.stringContaining('+CREATE TABLE one (id bigint)'), others: [] },
    })
    const refused = await single(file(), [edited]).up()
    expect(refused.error).toMatchObject({
      code: 'JOURNAL.FILE_MISSING',
      meta: { others: [expect.stringContaining('001_one')] },
    })
    expect((await single(file(), [two]).down({ target: 'base' })).error?.code).toBe('JOURNAL.FILE_MISSING')
  })

  it('is shown without a diff where the old text is not known, and shortened where it is long', async () => {
    const file = newSqlite()
    const long = (type: string) => ({
      id: '001_one',
      up: `CREATE TABLE one (${Array.from({ length: 300 }, (_, n) => `\ncolumn_${n} ${type}`)})`,
    })
    await single(file(), [long('int')]).up()
    const { findings } = (await single(file(), [long('text')]).status()).databases[0]!
    expect(String(findings[0]?.meta?.['diff'])).toMatch(/… \(shortened\)$/)
    await using(file(), sql => sql.query('UPDATE godwit_revision SET source = NULL'))
    const found = (await single(file(), [long('text')]).status()).databases[0]?.findings[0]
    expect(found).toMatchObject({
      code: 'JOURNAL.CHECKSUM_CHANGED',
      why: expect.stringContaining('The old text is not in the journal.'),
    })
    expect(found?.meta).not.toHaveProperty('diff')
  })
})

describe('what is refused before anything is done', () => {
  it('a revision that is marked irreversible, in SQL and in code', async () => {
    const file = newSqlite()
    const marked = [
      { id: '001_sql', up: '-- godwit: irreversible="rows are merged"\nSELECT 1', down: 'SELECT 1' },
      {
        id: '002_code',
        up: (() => undefined) as never,
        down: (() => undefined) as never,
        irreversible: 'mails are sent',
      },
    ]
    await single(file(), marked).up()
    expect((await single(file(), marked).down()).error).toMatchObject({
      code: 'RUN.IRREVERSIBLE',
      meta: { reason: 'mails are sent' },
    })
    expect((await single(file(), [marked[0]!]).down({ target: 'base' })).error?.code).toMatch(
      /IRREVERSIBLE|FILE_MISSING/,
    )
    const late = { ...configOf({ main: { dialect: file(), revisions: [marked[0]!] } }).databases[0]! }
    const history = await loadHistory(late)
    const body = async () => ({ up: () => undefined, down: () => undefined, options: { irreversible: 'told late' } })
    const revision = {
      ...history.revision('001_sql'),
      id: '002_code',
      options: { transaction: 'on' as const },
      parents: undefined,
      body: () => ({ kind: 'code' as const, load: body }),
    }
    const source = { description: 'late', load: async () => [history.revision('001_sql'), revision] }
    expect((await project({ main: { dialect: file(), source } }).down()).error).toMatchObject({
      code: 'RUN.IRREVERSIBLE',
      meta: { reason: 'told late' },
    })
  })

  it('code without a down', async () => {
    const file = newSqlite()
    const only = [{ id: '001_code', up: (() => undefined) as never }]
    await single(file(), only).up()
    expect((await single(file(), only).down()).error).toMatchObject({
      code: 'RUN.DOWN_MISSING',
      where: { file: '001_code' },
    })
  })

  it('duplicate and missing numbers where they are promised', async () => {
    const place = (ids: string[]) => ({
      main: { dialect: newSqlite()(), revisions: ids.map(id => table(id)), strictSequence: true },
    })
    expect((await project(place(['001_a', '003_c'])).up()).error?.code).toBe('GRAPH.NUMBER_GAP')
    expect((await project(place(['001_a', '002_c'])).up()).error).toBeUndefined()
  })
})

it('breaks one of its own rules aloud', async () => {
  const [database] = configOf({ main: { dialect: newSqlite()(), source: memorySource([table('001_a')]) } }).databases
  const history = await loadHistory(database!)
  expect(() => history.revision('nope')).toThrow(expect.objectContaining({ code: 'INTERNAL.BUG' }))
})
