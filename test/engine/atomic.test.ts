// Revisions that are one transaction each: what stays when the store fails at any point of it.
import { describe, expect, it } from 'vitest'
import { GodwitError } from '../../src/core/error.ts'
import type { Dialect } from '../../src/dialect/dialect.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import { type Call, type Doors, faulty, lost } from './faulty.ts'
import { code, newSqlite, rowsOf, single, states, table, tables, using } from './project.ts'

const isCommit = (call: Call) => call.item?.kind === 'commit' && call.purpose === 'run'
const isWork = (call: Call, text: string) => call.item?.kind === 'statement' && call.sql.includes(text)

/** Throws what `make` gives at the n-th call that fits, once. */
function once(fits: (call: Call) => boolean, make: () => unknown, n = 1) {
  let seen = 0
  return (call: Call) => {
    if (fits(call) && ++seen === n) throw make()
  }
}

/** A run on a fresh file behind these doors, and what is there afterwards. */
async function run(doors: Doors, revisions = [table('001_one'), table('002_two'), table('003_three')]) {
  const file = newSqlite()
  const events: RunEvent[] = []
  const result = await single(faulty(file(), doors), revisions).up({ on: event => events.push(event) })
  return { file, events, result, database: result.databases[0], there: await tables(file()), revisions }
}

/** The holder of the lease is this very process, which lives: it is not seen as gone. */
const freed = (file: () => Dialect) => single(file(), []).lockBreak()

/** Works committed so far: the commits of ensure, acquire and run-start come before them. */
const workCommits = () => {
  let works = 0
  return (call: Call) => {
    if (isWork(call, 'CREATE TABLE')) works++
    return works > 0 && isCommit(call)
  }
}

describe('connection lost', () => {
  it('at a statement: says that nothing stays, and the next run finishes', { timeout: 20_000 }, async () => {
    const { file, result, database, there, revisions } = await run({ before: once(call => isWork(call, 'two'), lost) })
    expect(result.error).toMatchObject({ code: 'CONNECT.LOST', meta: { state: 'rolled-back', revision: '002_two' } })
    expect(result.error?.why).toContain('Applied before it: 001_one.')
    expect(result.error?.why).toContain('Not run: 003_three.')
    expect(result.error?.next).toEqual(expect.arrayContaining(['godwit status', 'godwit up']))
    expect(states(database)).toEqual(['001_one applied', '002_two rolled-back', '003_three pending'])
    expect(database?.to).toEqual(['001_one'])
    expect(there).toEqual(['one'])
    await freed(file)
    expect((await single(file(), revisions).up()).databases[0]?.to).toEqual(['003_three'])
  })

  it('when the answer to COMMIT did not come: the journal proves that it was done', { timeout: 20_000 }, async () => {
    const { result, database, there } = await run({ after: once(workCommits(), lost, 3) })
    expect(result.error).toMatchObject({
      code: 'CONNECT.LOST',
      why: expect.stringContaining('003_three was committed'),
    })
    expect(states(database)).toEqual(['001_one applied', '002_two applied', '003_three applied'])
    expect(database?.to).toEqual(['003_three'])
    expect(there).toEqual(['one', 'three', 'two'])
  })

  it('tells an undone revision from one that was rolled back, too', { timeout: 20_000 }, async () => {
    const file = newSqlite()
    const revisions = [table('001_one'), table('002_two')]
    await single(file(), revisions).up()
    let drops = 0
    const after = (call: Call) => {
      if (isWork(call, 'DROP')) drops++
      if (drops === 1 && isCommit(call)) throw lost()
    }
    const result = await single(faulty(file(), { after }), revisions).down({ target: 'base' })
    expect(result.error).toMatchObject({ code: 'CONNECT.LOST', next: ['godwit status', 'godwit down'] })
    expect(states(result.databases[0])).toEqual(['002_two undone', '001_one pending'])
    await freed(file)
    const again = await single(faulty(file(), { before: once(call => isWork(call, 'DROP'), lost) }), revisions).down()
    expect(again.error?.next).toEqual(expect.arrayContaining(['godwit down']))
    expect(states(again.databases[0])).toEqual(['001_one rolled-back'])
  })

  it('and nobody answers any more: stays in doubt', { timeout: 30_000 }, async () => {
    let dead = false
    let tries = 0
    const { result, database, there } = await run({
      before(call) {
        if (call.what === 'read' && dead) throw new Error('no answer')
        if (call.what === 'open' && call.purpose === 'run' && dead && tries++ < 2) throw lost()
      },
      after: call => {
        if (!isWork(call, 'one')) return
        dead = true
        throw lost()
      },
    })
    expect(result.error?.code).toBe('CONNECT.LOST')
    expect(states(database)).toEqual(['001_one in-doubt', '002_two pending', '003_three pending'])
    expect(there).toEqual([])
  })

  it('and the run is stopped: looks no further', { timeout: 20_000 }, async () => {
    const stop = new AbortController()
    const doors: Doors = {
      before(call) {
        if (!isWork(call, 'one')) return
        stop.abort()
        throw lost()
      },
    }
    const file = newSqlite()
    const began = Date.now()
    const result = await single(faulty(file(), doors), [table('001_one')]).up({ signal: stop.signal })
    expect(result.error).toMatchObject({ code: 'RUN.ABORTED', meta: { state: 'in-doubt', reason: 'CONNECT.LOST' } })
    expect(Date.now() - began).toBeLessThan(2_000)
  })
})

describe('a lock that is not given', () => {
  const busy = (code: 'RUN.LOCK_TIMEOUT' | 'RUN.DEADLOCK') => () => new GodwitError(code, `made by the test: ${code}`)

  it('is tried again, from the revision that failed', { timeout: 20_000 }, async () => {
    let failures = 0
    const { events, result, there } = await run({
      before(call) {
        if (isWork(call, 'two') && ++failures <= 2) throw busy(failures === 1 ? 'RUN.LOCK_TIMEOUT' : 'RUN.DEADLOCK')()
      },
    })
    expect(result.error).toBeUndefined()
    expect(there).toEqual(['one', 'three', 'two'])
    const retries = events.flatMap(event => (event.type === 'retry' ? [event] : []))
    expect(retries).toMatchObject([
      { revision: '002_two', attempt: 1, reason: expect.stringContaining('LOCK_TIMEOUT') },
      { revision: '002_two', attempt: 2, reason: expect.stringContaining('DEADLOCK') },
    ])
    expect(retries[1]?.delayMs).toBeGreaterThanOrEqual(250)
  })

  it('is given up after four attempts', { timeout: 20_000 }, async () => {
    const { events, result, database, there } = await run({
      before(call) {
        if (isWork(call, 'two')) throw busy('RUN.LOCK_TIMEOUT')()
      },
    })
    expect(result.error).toMatchObject({ code: 'RUN.LOCK_TIMEOUT', where: { file: '002_two', line: 1 } })
    expect(events.filter(event => event.type === 'retry')).toHaveLength(3)
    expect(states(database)).toEqual(['001_one applied', '002_two rolled-back', '003_three pending'])
    expect(there).toEqual(['one'])
  })

  it('is not tried again when the run is stopped in the pause', async () => {
    const stop = new AbortController()
    const file = newSqlite()
    const before = (call: Call) => {
      if (isWork(call, 'one')) throw busy('RUN.DEADLOCK')()
    }
    const result = await single(faulty(file(), { before }), [table('001_one')]).up({
      signal: stop.signal,
      on: event => {
        if (event.type === 'retry') stop.abort(new Error('enough'))
      },
    })
    expect(result.error).toMatchObject({ code: 'RUN.ABORTED', meta: { state: 'rolled-back', reason: 'RUN.DEADLOCK' } })
    expect(states(result.databases[0])).toEqual(['001_one rolled-back'])
    expect((await single(file(), []).lockStatus()).databases[0]?.lock).toBeNull()
  })
})

describe('many revisions in one message', () => {
  const pipelined = { capabilities: { pipelined: true } }
  const many = Array.from({ length: 70 }, (_, n) => table(`${String(n).padStart(3, '0')}_t${n}`))

  it('applies all of them, and undoes them', async () => {
    const { file, database, there, revisions } = await run(pipelined, many)
    expect(database?.ok).toBe(true)
    expect(there).toHaveLength(70)
    const down = await single(faulty(file(), pipelined), revisions).down({ target: 'base' })
    expect(down.error).toBeUndefined()
    expect(await tables(file())).toEqual([])
  })

  it('keeps those before the one that fails', async () => {
    const broken = [...many.slice(0, 3), { id: '003_bad', up: 'INSERT INTO nowhere VALUES (1)' }, ...many.slice(4, 6)]
    const { result, database, there } = await run(pipelined, broken)
    expect(result.error).toMatchObject({ code: 'RUN.STATEMENT_FAILED', where: { file: '003_bad' } })
    expect(there).toEqual(['t0', 't1', 't2'])
    expect(states(database).slice(2)).toEqual([
      '002_t2 applied',
      '003_bad rolled-back',
      '004_t4 pending',
      '005_t5 pending',
    ])
  })

  it('tries again from the one that waited too long, with all its attempts', { timeout: 20_000 }, async () => {
    const failed: string[] = []
    const { events, result } = await run(
      {
        ...pipelined,
        before(call) {
          for (const name of ['t1 ', 't3 ']) {
            if (!isWork(call, name) || failed.filter(one => one === name).length >= 2) continue
            failed.push(name)
            throw new GodwitError('RUN.LOCK_TIMEOUT', 'busy')
          }
        },
      },
      many.slice(0, 5),
    )
    expect(result.error).toBeUndefined()
    expect(events.flatMap(event => (event.type === 'retry' ? [`${event.revision} ${event.attempt}`] : []))).toEqual([
      '001_t1 1',
      '001_t1 2',
      '003_t3 1',
      '003_t3 2',
    ])
  })

  it('settles by the journal what was committed before the connection was lost', { timeout: 20_000 }, async () => {
    const { result, database, there } = await run(
      { ...pipelined, before: once(call => isWork(call, 't3 '), lost) },
      many.slice(0, 5),
    )
    expect(result.error?.code).toBe('CONNECT.LOST')
    expect(states(database)).toEqual([
      '000_t0 applied',
      '001_t1 applied',
      '002_t2 applied',
      '003_t3 rolled-back',
      '004_t4 pending',
    ])
    expect(there).toEqual(['t0', 't1', 't2'])
  })

  it('settles those whose end was never told', { timeout: 20_000 }, async () => {
    // Three commits are done, and their answers come with the failure.
    const { database } = await run({ ...pipelined, after: once(workCommits(), lost, 1) }, many.slice(0, 2))
    expect(states(database)).toEqual(['000_t0 applied', '001_t1 rolled-back'])
  })

  it('ends a message at code, at large texts, and at a revision that waits for another database', async () => {
    const large = {
      id: '001_large',
      up: `INSERT INTO one VALUES (1) -- ${'x'.repeat(300_000)}\n;SELECT '${'y'.repeat(270_000)}'`,
    }
    const { result } = await run(pipelined, [
      table('000_one', 'one'),
      large,
      code('002_code', async m => void (await m.query('INSERT INTO one VALUES (2)'))),
      { id: '003_off', transaction: 'off', up: 'INSERT INTO one VALUES (3)' },
    ])
    expect(result.error).toBeUndefined()
  })
})

it('refuses to run as one transaction what was begun step by step', async () => {
  const file = newSqlite()
  const up = 'CREATE TABLE a (id int);\nINSERT INTO nowhere VALUES (1);'
  await single(file(), [{ id: '001_a', transaction: 'off', up }]).up()
  const mended = up.replace('nowhere', 'a')
  const refused = await single(file(), [{ id: '001_a', up: mended }]).up()
  expect(refused.error).toMatchObject({ code: 'JOURNAL.PARTIAL_EDITED', meta: { done: 1, total: 2 } })
  expect((await single(file(), [{ id: '001_a', transaction: 'off', up: mended }]).up()).error).toBeUndefined()
  expect(await rowsOf(file(), 'SELECT * FROM a')).toHaveLength(1)
})

it('starts over as one transaction where no step was done, and clears the row', async () => {
  const file = newSqlite()
  const doors = { before: once(call => isWork(call, 'VACUUM'), lost) }
  await single(faulty(file(), doors), [{ id: '001_a', transaction: 'off', up: 'VACUUM' }]).up()
  await freed(file)
  await single(file(), []).repair({ inDoubt: 'retry' })
  expect((await single(file(), [{ id: '001_a', up: 'CREATE TABLE a (id int)' }]).status()).databases[0]?.state).toBe(
    'partial',
  )
  const up = await single(file(), [{ id: '001_a', up: 'CREATE TABLE a (id int)' }]).up()
  expect(up.error).toBeUndefined()
  expect((await single(file(), [{ id: '001_a', up: 'CREATE TABLE a (id int)' }]).status()).databases[0]).toMatchObject({
    state: 'current',
    partial: [],
  })
})

it('rolls back when the lock was taken over in mid-run, and says so', async () => {
  const file = newSqlite()
  const dialect = file()
  const doors: Doors = {
    async before(call) {
      if (isWork(call, 'two')) return
      if (call.item?.kind !== 'begin' || call.purpose !== 'run') return
      if (!(await tables(dialect)).includes('one')) return
      await using(dialect, (_, session) => dialect.locker.break(session))
    },
  }
  const revisions = [table('001_one'), table('002_two')]
  const result = await single(faulty(file(), doors), revisions).up()
  expect(result.error).toMatchObject({ code: 'LOCK.LOST', meta: { state: 'rolled-back' } })
  expect(states(result.databases[0])).toEqual(['001_one applied', '002_two rolled-back'])
  expect(await tables(file())).toEqual(['one'])
})

it('gives the settings of a header to the transaction', async () => {
  const seen: unknown[] = []
  const { result } = await run(
    { before: call => void (call.item?.kind === 'begin' && call.item.settings && seen.push(call.item.settings)) },
    [
      { id: '001_both', up: '-- godwit: lock_timeout=2s statement_timeout=1min\nSELECT 1' },
      { id: '002_lock', up: '-- godwit: lock_timeout=3s\nSELECT 1' },
      { id: '003_statement', up: '-- godwit: statement_timeout=4s\nSELECT 1' },
      {
        id: '004_units',
        transaction: 'off',
        up: '-- godwit: lock_timeout=5s\nDELETE FROM godwit_run WHERE id IS NULL',
      },
    ],
  )
  expect(result.error).toBeUndefined()
  expect(seen).toEqual([
    { lockTimeoutMs: 2_000, statementTimeoutMs: 60_000 },
    { lockTimeoutMs: 3_000 },
    { statementTimeoutMs: 4_000 },
    { lockTimeoutMs: 5_000 },
  ])
})

describe('a driver that breaks its contract', () => {
  const odd = (call: Call) => {
    if (call.item?.kind === 'statement') throw new TypeError('odd')
  }
  for (const transaction of ['on', 'off'] as const) {
    it(`leaves no transaction and no lock behind (transaction=${transaction})`, async () => {
      const file = newSqlite()
      const { error, databases } = await single(faulty(file(), { before: odd }), [
        { id: '001_a', transaction, up: 'CREATE TABLE a (id int); CREATE TABLE b (id int)' },
      ]).up()
      expect(error).toMatchObject({ code: 'INTERNAL.BUG', exitCode: 1, cause: { message: 'odd' } })
      expect(states(databases[0])).toEqual(['001_a pending'])
      expect((await single(file(), []).lockStatus()).databases[0]?.lock).toBeNull()
    })
  }
})

it('is not disturbed by an observer that throws', async () => {
  const file = newSqlite()
  const on = () => {
    throw new Error('the progress bar is broken')
  }
  expect((await single(file(), [table('001_one')]).up({ on, live: true })).error).toBeUndefined()
  expect(await tables(file())).toEqual(['one'])
})

it('names the first of many revisions that were not run', async () => {
  const many = ['002_b', '003_c', '004_d', '005_e', '006_f', '007_g'].map(id => table(id))
  const { result } = await run({}, [{ id: '001_bad', up: 'INSERT INTO nowhere VALUES (1)' }, ...many])
  expect(result.error?.why).toContain('Not run: 002_b, 003_c, 004_d and 3 more.')
})

it('looks no further when the run is stopped while it waits for the server', async () => {
  const file = newSqlite()
  const stop = new AbortController()
  const before = (call: Call) => {
    if (call.item?.kind !== 'statement') return
    setTimeout(() => stop.abort(), 50)
    throw lost()
  }
  const { error } = await single(faulty(file(), { before }), [table('001_one')]).up({ signal: stop.signal })
  expect(error).toMatchObject({ code: 'RUN.ABORTED', meta: { state: 'in-doubt' } })
})
