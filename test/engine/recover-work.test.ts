// What is settled while the run goes on: a connection that is lost, code step by step, and changes that are kept although their
// transaction failed.
import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../src/dialect/dialect.ts'
import type { MemoryRevision } from '../../src/source/memory.ts'
import { inDoubt, isVacuum, lone, recovered, run, says } from './doubt.ts'
import { type Call, type Doors, faulty, lost } from './faulty.ts'
import { code, type CodeCalls, newSqlite, rowsOf, single, states, tables, using } from './project.ts'

describe('a connection that is lost while the run goes on', () => {
  const server = { capabilities: { server: true } }
  const cut = (call: Call) => {
    if (isVacuum(call)) throw lost()
  }
  const go = async (doors: Doors, revisions: readonly MemoryRevision[] = lone()) => {
    const file = newSqlite()
    const result = await single(faulty(file(), doors), revisions).up({ lockWaitMs: 400 })
    return { file, result, step: result.databases[0]?.steps[0] }
  }

  it('asks what became of the step, and gives the lock back', { timeout: 20_000 }, async () => {
    const done = await go({ before: cut, recovery: says('done') })
    expect(done.step).toMatchObject({ state: 'partial', statements: 1 })
    expect(done.result.error).toMatchObject({ code: 'CONNECT.LOST', meta: { state: 'partial' } })
    expect((await single(done.file(), []).lockStatus()).databases[0]?.lock).toBeNull()
    expect(await rowsOf(done.file(), 'SELECT ok FROM godwit_run')).toMatchObject([{ ok: 0 }])
    const not = await go({ before: cut, recovery: says('not-done') })
    expect(not.step?.state).toBe('rolled-back')
    expect(not.result.error?.exitCode).toBe(6)
  })

  it('leaves the step in doubt when nobody can tell', { timeout: 20_000 }, async () => {
    const mute = says('done', { decide: () => Promise.reject(new Error('gone again')) })
    for (const recovery of [says('unknown'), mute]) {
      expect((await go({ before: cut, recovery })).step?.state).toBe('in-doubt')
    }
  })

  it('waits until the server has ended the old connection, so that nothing is committed later', {
    timeout: 20_000,
  }, async () => {
    let looks = 0
    const survivor = async () => (++looks < 3 ? { statement: undefined, forMs: undefined } : undefined)
    const { step } = await go({ ...server, before: cut, recovery: says('done', { survivor }) })
    expect(step?.state).toBe('partial')
    expect(looks).toBe(3)
  })

  it('leaves it in doubt while the old connection lives, or nobody knows, or the lock is gone', {
    timeout: 40_000,
  }, async () => {
    const never = says('done', { survivor: async () => ({ statement: undefined, forMs: undefined }) })
    expect((await go({ ...server, before: cut, recovery: never })).step?.state).toBe('in-doubt')
    expect((await go({ ...server, before: cut, recovery: says('done') })).step?.state).toBe('in-doubt')
    let opens = 0
    const survivor = () => (++opens === 1 ? Promise.reject(new Error('not there yet')) : Promise.resolve(undefined))
    expect((await go({ ...server, before: cut, recovery: says('done', { survivor }) })).step?.state).toBe('partial')
    const file = newSqlite()
    const breaking = async (call: Call) => {
      if (!isVacuum(call)) return
      await using(file(), (_, session) => file().locker.break(session))
      throw lost()
    }
    const doors = { ...server, before: breaking, recovery: says('done', { survivor: async () => undefined }) }
    const { databases, error } = await single(faulty(file(), doors), lone()).up()
    expect(error?.code).toBe('LOCK.LOST')
    expect(databases[0]?.steps[0]?.state).toBe('in-doubt')
  })
})

describe('code, step by step', () => {
  const off = { transaction: 'off' } as const
  const steps = (first = 'VACUUM', rest = 'CREATE TABLE a (id int)') => [
    code(
      '001_a',
      async (m: CodeCalls) => {
        await m.query(first)
        await m.query(rest)
      },
      off,
    ),
  ]
  const doubtful = () => inDoubt(steps())

  it('decides the step that was begun when the code comes to it', { timeout: 20_000 }, async () => {
    for (const [outcome, ran] of [
      ['done', []],
      ['not-done', ['VACUUM']],
    ] as const) {
      const file = await doubtful()
      const result = await run(file, { recovery: says(outcome) }, steps())
      expect(result.error).toBeUndefined()
      expect(result.ran).toEqual(ran)
      expect(recovered(result.events)).toEqual([`1 ${outcome}: seen as ${outcome}`])
      expect(await tables(file())).toEqual(['a'])
    }
  })

  it('leaves it to people when nothing can be proved, also when the code goes on regardless', {
    timeout: 20_000,
  }, async () => {
    const file = await doubtful()
    const careless = code(
      '001_a',
      async (m: CodeCalls) => {
        await m.query('VACUUM').catch(() => undefined)
        await m.query('CREATE TABLE a (id int)').catch(() => undefined)
      },
      off,
    )
    for (const revisions of [steps(), [careless]]) {
      const { error, databases, ran } = await run(file, { recovery: says('unknown') }, revisions)
      expect(error).toMatchObject({ code: 'JOURNAL.STEP_IN_DOUBT', meta: { evidence: ['seen as unknown'] } })
      expect(states(databases[0])).toEqual(['001_a in-doubt'])
      expect(ran).toEqual([])
    }
    const look = await single(faulty(file(), { recovery: says('done') }), steps()).repair()
    expect(look.databases[0]?.actions[0]?.done).toContain('when its code comes to that step')
    expect(await rowsOf(file(), 'SELECT running FROM godwit_step')).toMatchObject([{ running: 1 }])
  })

  it('refuses code that takes another step there, or none, or throws before it', { timeout: 20_000 }, async () => {
    const file = await doubtful()
    const other = await run(file, { recovery: says('done') }, steps('REINDEX'))
    expect(other.error?.code).toBe('JOURNAL.PARTIAL_EDITED')
    const none = await run(file, { recovery: says('done') }, [code('001_a', () => undefined, off)])
    expect(none.error?.meta['evidence']).toEqual(['the code does not come to that step any more'])
    const thrown = await run(file, { recovery: says('done') }, [
      code('001_a', () => Promise.reject(new Error('not yet')), off),
    ])
    expect(thrown.error).toMatchObject({
      code: 'RUN.CODE_FAILED_PARTIAL',
      message: 'not yet',
      meta: { state: 'in-doubt' },
    })
    expect(await rowsOf(file(), 'SELECT running FROM godwit_step')).toMatchObject([{ running: 1 }])
    expect((await run(file, { recovery: says('done') }, steps())).error).toBeUndefined()
  })

  it('goes on after the done steps where nothing can be told of the others', async () => {
    const file = newSqlite()
    const doors = { recovery: null }
    expect((await run(file, doors, steps('CREATE TABLE b (id int)', 'no sql'))).error?.meta['state']).toBe('partial')
    const { error } = await run(file, doors, steps('CREATE TABLE b (id int)'))
    expect(error).toBeUndefined()
    expect(await tables(file())).toEqual(['a', 'b'])
  })

  it('settles a lone step when the connection is lost', { timeout: 20_000 }, async () => {
    const file = newSqlite()
    const second = steps('CREATE TABLE b (id int)', 'VACUUM')
    const before = (call: Call) => {
      if (isVacuum(call)) throw lost()
    }
    const { databases } = await single(faulty(file(), { before, recovery: says('done') }), second).up()
    expect(databases[0]?.steps[0]).toMatchObject({ state: 'partial', statements: 2 })
    expect((await run(file, { recovery: says('unknown') }, second)).error).toBeUndefined()
  })

  it('does a change and its row in one transaction, with the header’s settings', async () => {
    const file = newSqlite()
    const begun: unknown[] = []
    const before = (call: Call) => {
      if (call.item?.kind === 'begin') begun.push(call.item.settings)
      if (call.item?.kind === 'journal' && call.sql.includes('godwit_step') && begun.length > 2) throw new Error('full')
    }
    const revisions = [
      code('001_a', (m: CodeCalls) => m.query('CREATE TABLE a (id int)'), { ...off, lockTimeout: '700ms' }),
    ]
    const { error } = await single(faulty(file(), { before }), revisions).up()
    expect(error?.message).toBe('full')
    expect(begun).toContainEqual({ lockTimeoutMs: 700 })
    expect(await tables(file())).toEqual([])
    expect((await single(file(), revisions).up()).error).toBeUndefined()
  })

  it('sends a lone statement with long waits as one, and gives the driver’s own error', async () => {
    const file = newSqlite()
    const slow = (doors: Doors): Dialect => ({
      ...faulty(file(), doors),
      longWait: sql => (sql === 'VACUUM' ? { waitMs: 1, leaves: 'x', next: [] } : undefined),
    })
    const seen: string[] = []
    const before = (call: Call) => {
      if (isVacuum(call)) seen.push(call.what)
      if (isVacuum(call) && seen.length === 1) throw new Error('the first time')
    }
    const first = await single(slow({ before, recovery: null }), steps()).up()
    expect(first.error?.message).toBe('the first time')
    expect((await single(slow({ before, recovery: null }), steps()).up()).error).toBeUndefined()
    expect(seen).toEqual(['item', 'item'])
    const odd = (call: Call) => {
      if (isVacuum(call)) throw new TypeError('odd')
    }
    const other = newSqlite()
    const third = { ...faulty(other(), { before: odd }), longWait: slow({}).longWait }
    expect((await single(third as Dialect, steps()).up()).error?.message).toContain('odd')
  })
})

describe('changes that are kept although their transaction failed', () => {
  const keeps = says('unknown', { keeps: texts => (texts.some(text => text.includes('INSERT')) ? '1 = 1' : undefined) })
  const broken = { id: '001_a', up: 'INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (no_such);' }
  const sub = { capabilities: { transactionalDdl: false } }

  it('leave an atomic revision in doubt', async () => {
    const file = newSqlite()
    await using(file(), sql => sql.query('CREATE TABLE a (id int)'))
    const { error, databases } = await run(file, { recovery: keeps }, [broken])
    expect(error).toMatchObject({
      code: 'JOURNAL.STEP_IN_DOUBT',
      meta: { evidence: [expect.stringContaining('it failed: no such column'), 'seen as unknown'] },
    })
    expect(states(databases[0])).toEqual(['001_a in-doubt'])
    expect((await run(file, { recovery: keeps }, [broken])).error?.code).toBe('JOURNAL.STEP_IN_DOUBT')
    await single(file(), [broken]).repair({ restartPartial: true })
    const good = { ...broken, up: 'INSERT INTO a VALUES (1);' }
    expect((await run(file, { recovery: keeps }, [good])).error).toBeUndefined()
    expect(await rowsOf(file(), 'SELECT * FROM godwit_step')).toEqual([])
  })

  it('leave a unit, and a step of code, in doubt', async () => {
    const unit = { id: '001_a', transaction: 'off' as const, up: `CREATE TABLE a (id int);\n${broken.up}` }
    const stepped = code(
      '001_a',
      async (m: CodeCalls) => {
        await m.query('CREATE TABLE a (id int)')
        await m.query('INSERT INTO a VALUES (no_such)').catch(() => undefined)
        await m.query('CREATE TABLE b (id int)')
      },
      { transaction: 'off' },
    )
    for (const revision of [unit, stepped]) {
      const file = newSqlite()
      const { error, databases } = await run(file, { ...sub, recovery: keeps }, [revision])
      expect(error?.code).toBe('JOURNAL.STEP_IN_DOUBT')
      expect(states(databases[0])).toEqual(['001_a in-doubt'])
      expect((await single(file(), []).status()).databases[0]?.partial).toMatchObject([{ inDoubt: true }])
    }
  })
})

describe('changes that may be kept when the connection is lost', () => {
  it('leave the step of code in doubt', { timeout: 20_000 }, async () => {
    const file = newSqlite()
    await using(file(), sql => sql.query('CREATE TABLE a (id int)'))
    const recovery = says('unknown', { keeps: () => '1 = 1' })
    const before = (call: Call) => {
      if (call.what === 'query' && call.sql.includes('INSERT INTO a')) throw lost()
    }
    const revisions = [code('001_a', m => m.query('INSERT INTO a VALUES (1)'), { transaction: 'off' })]
    const { databases } = await single(faulty(file(), { before, recovery }), revisions).up()
    expect(states(databases[0])).toEqual(['001_a in-doubt'])
  })
})
