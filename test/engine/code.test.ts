// Revisions of code: what they may do, what is found when they forget to wait, what stays when they throw.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GodwitError } from '../../src/core/error.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import { directorySource } from '../../src/source/directory.ts'
import { type Call, faulty, lost } from './faulty.ts'
import { code, type CodeCalls, newPath, newSqlite, project, rowsOf, single, tables, using } from './project.ts'

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function run(up: (m: CodeCalls) => unknown, rest: Parameters<typeof code>[2] = {}) {
  const file = newSqlite()
  const events: RunEvent[] = []
  const revisions = [code('001_code', up, rest)]
  const result = await single(file(), revisions).up({ on: event => events.push(event) })
  return { file, result, error: result.error, events, there: await tables(file()) }
}

describe('calls', () => {
  it('that are awaited late or together are fine', async () => {
    const fine = await run(async m => {
      const late = m.query('CREATE TABLE a (id int)')
      await pause(5)
      await late
      await Promise.all([m.query('CREATE TABLE b (id int)'), m.sql`CREATE TABLE c (id int)`])
      await m.query('SELECT 1').finally(() => undefined)
      await m.query('SELECT nothing').catch(() => undefined)
    })
    expect(fine.error).toBeUndefined()
    expect(fine.there).toEqual(['a', 'b', 'c'])
  })

  it('that are not awaited are named, and nothing stays', async () => {
    const { error, there } = await run(m => {
      void m.query('CREATE TABLE   a\n (id int)')
    })
    expect(error).toMatchObject({
      code: 'RUN.CODE_NOT_AWAITED',
      message: expect.stringContaining('CREATE TABLE a (id int)'),
      next: expect.arrayContaining(['put "await" before it']),
    })
    expect(there).toEqual([])
  })

  it('that fail without being awaited end no process', async () => {
    const { error } = await run(m => {
      void m.query('DROP TABLE nowhere')
    })
    expect(error?.code).toBe('RUN.CODE_NOT_AWAITED')
  })

  it('that are handled but not waited for are named', async () => {
    const { error } = await run(m => {
      m.query('CREATE TABLE a (id int)').then(
        () => undefined,
        () => undefined,
      )
    })
    expect(error?.code).toBe('RUN.CODE_NOT_AWAITED')
  })

  it('of a function that throws: its own error comes first', async () => {
    const { error, there } = await run(async m => {
      void m.query('CREATE TABLE a (id int)')
      throw new Error('the price list is empty')
    })
    expect(error).toMatchObject({ code: 'RUN.CODE_FAILED', message: 'the price list is empty' })
    expect(there).toEqual([])
  })

  it('after the function returned are refused', async () => {
    let kept: CodeCalls | undefined
    const { error } = await run(m => void (kept = m))
    expect(error).toBeUndefined()
    await expect(kept?.query('CREATE TABLE late (id int)')).rejects.toMatchObject({ code: 'RUN.CODE_NOT_AWAITED' })
  })

  it('with several statements are refused, and run() takes them', async () => {
    const { error } = await run(m => m.query('CREATE TABLE a (id int); CREATE TABLE b (id int)'))
    expect(error).toMatchObject({
      code: 'RUN.CODE_FAILED',
      next: expect.arrayContaining(['use m.run(text) for a text of several statements']),
    })
    expect((await run(m => m.run('CREATE TABLE a (id int); CREATE TABLE b (id int)'))).there).toEqual(['a', 'b'])
  })

  it('cannot end the transaction', async () => {
    for (const text of ['COMMIT', 'ROLLBACK', 'BEGIN']) {
      const { error, there } = await run(async m => {
        await m.query('CREATE TABLE a (id int)')
        await m.query(text)
      })
      expect(error, text).toMatchObject({ code: 'RUN.CODE_FAILED', meta: { reason: 'SQL.TRANSACTION_INSIDE' } })
      expect(there).toEqual([])
    }
  })

  it('may log, read, and use the connection of the driver', async () => {
    const { error, events, there } = await run(async m => {
      m.log('half way')
      ;(m.client as { exec(sql: string): void }).exec('CREATE TABLE raw (id int)')
      await m.sql`INSERT INTO raw VALUES (${7})`
      expect(await m.query('SELECT id FROM raw WHERE id = ?', [7])).toEqual([{ id: 7 }])
      expect(m.signal.aborted).toBe(false)
    })
    expect(error).toBeUndefined()
    expect(events).toContainEqual({ type: 'log', database: 'main', revision: '001_code', message: 'half way' })
    expect(there).toEqual(['raw'])
  })
})

describe('what code throws', () => {
  it('is an error of the driver', async () => {
    const { error } = await run(m => m.query('INSERT INTO nowhere VALUES (1)'))
    expect(error).toMatchObject({ code: 'RUN.CODE_FAILED', message: expect.stringContaining('nowhere') })
    expect(error?.where).toBeUndefined()
  })

  it('may be anything', async () => {
    expect((await run(() => Promise.reject('a text'))).error).toMatchObject({
      code: 'RUN.CODE_FAILED',
      message: 'a text',
    })
    expect((await run(() => Promise.reject(new Error('')))).error?.code).toBe('RUN.CODE_FAILED')
  })

  it('is found in its file', async () => {
    const path = newPath('d')
    mkdirSync(path)
    const faults = ["throw new Error('empty')", "throw 'a text'", "await m.query('INSERT INTO nowhere VALUES (1)')"]
    for (const [index, fault] of faults.entries()) {
      writeFileSync(join(path, `00${index + 1}_code.mjs`), `export async function up(m) {\n  ${fault}\n}\n`)
    }
    const file = newSqlite()
    const source = directorySource({ path, root: path })
    const godwit = project({ main: { dialect: file(), source } })
    expect((await godwit.up()).error?.where).toMatchObject({ file: expect.stringContaining('001_code.mjs'), line: 2 })
    await godwit.stamp({ target: '001' })
    const { where } = (await godwit.up()).error!
    expect(where?.file).toContain('002_code.mjs')
    expect(where?.line).toBeUndefined()
    await godwit.stamp({ target: '002' })
    expect((await godwit.up()).error?.where).toMatchObject({ file: expect.stringContaining('003_code.mjs'), line: 2 })
  })

  it('may say by itself where and what to do', async () => {
    const own = new GodwitError('FILE.FOLDER_MISSING', 'no prices', {
      where: { file: 'prices.csv' },
      next: ['make prices'],
    })
    const { error } = await run(() => Promise.reject(own))
    expect(error).toMatchObject({ message: 'no prices', where: { file: 'prices.csv' } })
    expect(error?.next[0]).toBe('make prices')
  })

  it('is waited for only so long after a stop', async () => {
    const file = newSqlite()
    const stop = new AbortController()
    const began = Date.now()
    const deaf = code('001_code', async m => {
      await m.query('CREATE TABLE a (id int)')
      stop.abort()
      await pause(4_000)
    })
    const { error } = await single(file(), [deaf]).up({ signal: stop.signal })
    expect(error?.code).toBe('RUN.ABORTED')
    expect(Date.now() - began).toBeLessThan(3_000)
    expect(await tables(file())).toEqual([])
  })

  it('takes the settings of the revision along', async () => {
    const seen: unknown[] = []
    const file = newSqlite()
    const before = (call: Call) =>
      void (call.item?.kind === 'begin' && call.item.settings && seen.push(call.item.settings))
    const revision = code('001_code', m => m.query('SELECT 1'), { lockTimeout: '2s' } as never)
    expect((await single(faulty(file(), { before }), [revision]).up()).error).toBeUndefined()
    expect(seen).toEqual([{ lockTimeoutMs: 2_000 }])
  })
})

describe('connection lost', () => {
  it('before the COMMIT: nothing stays', async () => {
    const file = newSqlite()
    const before = (call: Call) => {
      if (call.what === 'query' && call.sql.includes('made')) throw lost()
    }
    const revision = code('001_code', m => m.query('CREATE TABLE made (id int)'))
    const { error, databases } = await single(faulty(file(), { before }), [revision]).up()
    expect(error?.code).toBe('CONNECT.LOST')
    expect(databases[0]?.steps[0]?.state).toBe('rolled-back')
    expect(await tables(file())).toEqual([])
  })

  it('at the COMMIT: proved by the journal either way', { timeout: 20_000 }, async () => {
    for (const door of ['before', 'after'] as const) {
      const file = newSqlite()
      let made = false
      const doors = {
        [door]: (call: Call) => {
          if (call.sql.includes('made')) made = true
          if (made && call.item?.kind === 'commit' && call.purpose === 'run') throw lost()
        },
      }
      const revision = code('001_code', m => m.query('CREATE TABLE made (id int)'))
      const { error, databases } = await single(faulty(file(), doors), [revision]).up()
      expect(error?.code).toBe('CONNECT.LOST')
      expect(databases[0]?.steps[0]?.state).toBe(door === 'before' ? 'rolled-back' : 'applied')
      expect(await tables(file())).toEqual(door === 'before' ? [] : ['made'])
    }
  })

  it('of the code itself, while that of the run is there: a failure of the code', async () => {
    const cut = () => Object.assign(lost(), { message: 'the price server is gone' })
    for (const transaction of ['on', 'off'] as const) {
      const revision = code('001_code', () => Promise.reject(cut()), { transaction })
      const file = newSqlite()
      const { error } = await single(file(), [revision]).up()
      expect(error).toMatchObject({
        code: 'RUN.CODE_FAILED',
        message: 'the price server is gone',
        why: expect.stringContaining('A connection of the code itself was lost'),
        meta: { state: 'rolled-back' },
      })
      expect((await single(file(), []).lockStatus()).databases[0]?.lock).toBeNull()
    }
  })

  it('in a step that has a transaction: rolled back, and the next run does it', { timeout: 20_000 }, async () => {
    const file = newSqlite()
    const before = (call: Call) => {
      if (call.what === 'query' && call.sql.includes('made')) throw lost()
    }
    const revisions = [code('001_code', m => m.query('CREATE TABLE made (id int)'), { transaction: 'off' })]
    const { error, databases } = await single(faulty(file(), { before }), revisions).up()
    expect(error).toMatchObject({ code: 'CONNECT.LOST', meta: { state: 'rolled-back' } })
    expect(databases[0]?.steps[0]?.state).toBe('rolled-back')
    expect((await single(file(), revisions).up()).error).toBeUndefined()
    expect(await tables(file())).toEqual(['made'])
  })

  it('in a step that stands alone: in doubt, and the next run refuses to guess', { timeout: 20_000 }, async () => {
    const file = newSqlite()
    const before = (call: Call) => {
      if (call.what === 'query' && call.sql.includes('VACUUM')) throw lost()
    }
    const run = async (m: CodeCalls) => {
      await m.query('VACUUM')
      await m.query('CREATE TABLE made (id int)')
    }
    const revisions = [code('001_code', run, { transaction: 'off' })]
    const { error, databases } = await single(faulty(file(), { before, recovery: null }), revisions).up()
    expect(error).toMatchObject({ code: 'CONNECT.LOST', meta: { state: 'in-doubt' } })
    expect(databases[0]?.steps[0]?.state).toBe('in-doubt')
    const blind = faulty(file(), { recovery: null })
    expect((await single(blind, revisions).up()).error?.code).toBe('JOURNAL.STEP_IN_DOUBT')
    await single(file(), revisions).repair({ inDoubt: 'retry' })
    expect((await single(file(), revisions).up()).error).toBeUndefined()
    expect(await tables(file())).toEqual(['made'])
  })

  it('at the reset after the last step: all steps stay', { timeout: 20_000 }, async () => {
    const file = newSqlite()
    let made = false
    const before = (call: Call) => {
      if (call.sql.includes('made')) made = true
      if (made && call.item?.kind === 'reset') throw lost()
    }
    const revisions = [code('001_code', m => m.query('CREATE TABLE made (id int)'), { transaction: 'off' })]
    const { databases } = await single(faulty(file(), { before }), revisions).up()
    expect(databases[0]?.steps[0]).toMatchObject({ state: 'partial', statements: 1 })
    expect((await single(file(), revisions).up()).error).toBeUndefined()
  })
})

describe('step by step', () => {
  const off = { transaction: 'off' } as const
  const three = (fault?: unknown, second = 'INSERT INTO a VALUES (2)') => [
    code(
      '001_code',
      async m => {
        await m.query('CREATE TABLE a (id int)')
        await m.query(second)
        if (fault) throw fault
        await m.query('INSERT INTO a VALUES (3)')
      },
      off,
    ),
  ]

  it('goes on after the steps that are done', async () => {
    const file = newSqlite()
    const failed = await single(file(), three(new Error('enough'))).up()
    expect(failed.error).toMatchObject({ code: 'RUN.CODE_FAILED_PARTIAL', message: 'enough' })
    expect(failed.error?.why).toContain('Of 001_code, 2 of its steps stay')
    expect((await single(file(), three()).status()).databases[0]?.partial).toMatchObject([{ done: 2, total: 0 }])
    expect((await single(file(), three()).repair()).databases[0]?.actions[0]?.found).toBe('its up stopped after step 2')
    const events: RunEvent[] = []
    expect((await single(file(), three()).up({ on: event => events.push(event) })).error).toBeUndefined()
    expect(events.find(event => event.type === 'revision-start')).toMatchObject({ resumedAt: 2 })
    expect((await rowsOf(file(), 'SELECT id FROM a ORDER BY id')).map(row => row['id'])).toEqual([2, 3])
  })

  it('refuses other steps in the place of the done ones', async () => {
    const file = newSqlite()
    await single(file(), three(new Error('enough'))).up()
    const other = await single(file(), three(undefined, 'INSERT INTO a VALUES (22)')).up()
    expect(other.error).toMatchObject({ code: 'JOURNAL.PARTIAL_EDITED', meta: { done: 2 } })
    expect((await single(file(), three()).up()).error).toBeUndefined()
  })

  it('keeps what it knows of the done steps when a later one fails, or the code throws before it gets there', async () => {
    const file = newSqlite()
    await single(file(), three(undefined, 'INSERT INTO a VALUES (no_such_column)')).up()
    const status = async () => (await single(file(), []).status()).databases[0]?.partial
    expect(await status()).toMatchObject([{ done: 1 }])
    const throwing = code('001_code', () => Promise.reject(new Error('not yet')), off)
    expect((await single(file(), [throwing]).up()).error).toMatchObject({
      message: 'not yet',
      meta: { state: 'partial' },
    })
    expect(await status()).toMatchObject([{ done: 1 }])
    expect((await single(file(), three()).up()).error).toBeUndefined()
    expect(await rowsOf(file(), 'SELECT id FROM a')).toHaveLength(2)
  })

  it('says what is known when the end of the revision, or its failure, cannot be recorded', async () => {
    const file = newSqlite()
    let made = false
    const reset = (call: Call) => {
      if (call.sql.includes('made')) made = true
      if (made && call.item?.kind === 'reset') throw new Error('no reset')
    }
    const revisions = [code('001_code', m => m.query('CREATE TABLE made (id int)'), off)]
    const failed = await single(faulty(file(), { before: reset }), revisions).up()
    expect(failed.error).toMatchObject({ code: 'RUN.CODE_FAILED_PARTIAL', message: 'no reset' })
    expect((await single(file(), revisions).up()).error).toBeUndefined()
    const other = newSqlite()
    const full = (call: Call) => {
      if (call.writes?.some(write => write.type === 'step' && write.step.running === null)) throw new Error('full')
    }
    const lone = [code('001_code', m => m.query('VACUUM'), off)]
    const unrecorded = await single(faulty(other(), { before: full }), lone).up()
    expect(unrecorded.error?.message).toBe('full')
    expect((await single(other(), lone).status()).databases[0]?.partial).toMatchObject([{ inDoubt: true }])
  })

  it('leaves nothing when the first step fails', async () => {
    const file = newSqlite()
    const revisions = [code('001_code', m => m.query('INSERT INTO nowhere VALUES (1)'), off)]
    const { error, databases } = await single(file(), revisions).up()
    expect(error).toMatchObject({ code: 'RUN.CODE_FAILED', meta: { state: 'rolled-back' } })
    expect(databases[0]?.steps[0]?.state).toBe('rolled-back')
    expect((await single(file(), revisions).status()).databases[0]?.partial).toEqual([])
  })

  it('takes calls that were begun together in the order in which they were begun, after a failure too', async () => {
    const file = newSqlite()
    const revisions = [
      code(
        '001_code',
        async m => {
          const bad = m.query('INSERT INTO nowhere VALUES (1)')
          const good = m.query('CREATE TABLE good (id int)')
          await bad.catch(() => undefined)
          await good
        },
        off,
      ),
    ]
    expect((await single(file(), revisions).up()).error).toBeUndefined()
    expect(await tables(file())).toEqual(['good'])
  })

  it('stops where the lock was taken over', async () => {
    const file = newSqlite()
    const revisions = [
      code(
        '001_code',
        async m => {
          await m.query('CREATE TABLE a (id int)')
          await using(file(), (_, session) => file().locker.break(session))
          await m.query('CREATE TABLE b (id int)')
        },
        off,
      ),
    ]
    const { error } = await single(file(), revisions).up()
    expect(error).toMatchObject({ code: 'LOCK.LOST', meta: { state: 'partial' } })
    expect(await tables(file())).toEqual(['a'])
  })

  it('goes back as well', async () => {
    const file = newSqlite()
    const down = async (m: CodeCalls) => void (await m.query('DROP TABLE a'))
    const revisions = [{ ...three()[0]!, down: down as never }]
    await single(file(), revisions).up()
    expect((await single(file(), revisions).down()).error).toBeUndefined()
    expect(await tables(file())).toEqual([])
  })
})

it('loses the lock in one transaction, too', async () => {
  const file = newSqlite()
  let broken = false
  const doors = {
    before: async (call: Call) => {
      if (broken || call.item?.kind !== 'begin' || call.purpose !== 'run') return
      if ((await rowsOf(file(), `SELECT 1 FROM sqlite_schema WHERE name = 'godwit_run'`)).length === 0) return
      if ((await rowsOf(file(), 'SELECT 1 FROM godwit_run')).length === 0) return
      broken = true
      await using(file(), (_, session) => file().locker.break(session))
    },
  }
  const { error } = await single(faulty(file(), doors), [
    code('001_code', m => m.query('CREATE TABLE a (id int)')),
  ]).up()
  expect(error?.code).toBe('LOCK.LOST')
  expect(await tables(file())).toEqual([])
})
