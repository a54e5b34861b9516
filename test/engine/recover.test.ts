// What an earlier run left, settled by the next one. The same with real servers: test/fault.
import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../src/dialect/dialect.ts'
import type { Recovery, Survivor, Verdict } from '../../src/dialect/recovery.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import type { MemoryRevision } from '../../src/source/memory.ts'
import { inDoubt, isVacuum, lone, recovered, run, says } from './doubt.ts'
import { type Call, faulty, lost } from './faulty.ts'
import { code, newSqlite, rowsOf, single, states, table, tables, using } from './project.ts'

describe('a step that was begun', () => {
  it('is recorded as done when the store says so', { timeout: 20_000 }, async () => {
    const file = await inDoubt()
    const { error, ran, events } = await run(file, { recovery: says('done') })
    expect(error).toBeUndefined()
    expect(ran).toEqual(['CREATE TABLE a (id int)'])
    expect(recovered(events)).toEqual(['1 done: seen as done'])
    expect(await tables(file())).toEqual(['a'])
  })

  it('is run again when the store says that it is not done', { timeout: 20_000 }, async () => {
    const file = await inDoubt()
    const { error, ran, events } = await run(file, { recovery: says('not-done') })
    expect(error).toBeUndefined()
    expect(ran).toEqual(['VACUUM', 'CREATE TABLE a (id int)'])
    expect(recovered(events)).toEqual(['1 not-done: seen as not-done'])
  })

  it('is left to people, with the evidence, when nothing can be proved', { timeout: 20_000 }, async () => {
    const file = await inDoubt()
    const unknown = { recovery: says('unknown') }
    const { error, ran } = await run(file, unknown)
    expect(error).toMatchObject({
      code: 'JOURNAL.STEP_IN_DOUBT',
      why: expect.stringContaining('cannot be proved: seen as unknown'),
      meta: { evidence: ['seen as unknown'] },
    })
    expect(ran).toEqual([])
    const actions = async (recovery: Recovery) =>
      (await single(faulty(file(), { recovery }), lone()).repair()).databases[0]?.actions[0]
    expect(await actions(says('unknown'))).toMatchObject({
      found: 'step 1 of 2 of its up is in doubt; seen as unknown',
      done: expect.stringContaining('cannot be proved'),
    })
    expect((await actions(says('done')))?.done).toBe('nothing: the next up records it as done')
    expect((await actions(says('not-done')))?.done).toBe('nothing: the next up runs it again')
    const broken = await actions(says('done', { decide: () => Promise.reject(new Error('no answer')) }))
    expect(broken?.found).toContain('no answer')
    const blind = await single(faulty(file(), { recovery: null }), lone()).repair()
    expect(blind.databases[0]?.actions[0]?.done).toBe('nothing: look at the database, then --done or --retry')
    await single(file(), lone()).repair({ inDoubt: 'done' })
    expect((await run(file, unknown)).error).toBeUndefined()
  })

  it('is decided by what was observed before it began, and names who began it', { timeout: 20_000 }, async () => {
    const observed = says('unknown', { observe: text => `'before ' || '${text}'` })
    const file = newSqlite()
    const before = (call: Call) => {
      if (isVacuum(call)) throw lost()
    }
    const first = await single(faulty(file(), { before, recovery: observed }), lone()).up()
    expect(states(first.databases[0])).toEqual(['001_a in-doubt'])
    const [row] = await rowsOf(file(), 'SELECT observed, backend, backend_start FROM godwit_step')
    expect(row).toMatchObject({ observed: 'before VACUUM', backend: expect.stringMatching(/:\d+$/) })
    let asked: unknown
    const recovery = says('done', {
      decide: async (_, text, seen) => {
        asked = { text, seen }
        return { outcome: 'done', evidence: [] }
      },
    })
    expect((await run(file, { recovery })).error).toBeUndefined()
    expect(asked).toEqual({ text: 'VACUUM', seen: 'before VACUUM' })
  })

  it('is refused when its file is gone, edited, shorter or cannot be read', { timeout: 30_000 }, async () => {
    const zero = table('000_zero')
    const file = await inDoubt([zero, ...lone()])
    const doors = { recovery: says('done') }
    const without = single(faulty(file(), doors), [zero])
    expect((await without.up()).ok).toBe(false)
    expect((await without.repair()).databases[0]?.actions[0]?.found).toContain('the file of the revision is gone')
    const edited = await run(file, doors, [zero, { ...lone()[0]!, up: 'REINDEX;\nCREATE TABLE a (id int);' }])
    expect(edited.error?.code).toBe('JOURNAL.PARTIAL_EDITED')
    await using(file(), sql => sql.query("UPDATE godwit_step SET hashes = '[]', done = 8, running = 9, total = 9"))
    expect((await run(file, doors, [zero, ...lone()])).error?.meta['evidence']).toEqual([
      'the file of the revision has fewer steps now',
    ])
    // A step of a down whose text is not there any more, looked at by an up that has nothing else to do.
    await using(file(), sql => sql.query("UPDATE godwit_step SET direction = 'down', done = 0, running = 1, total = 2"))
    const { down: _, ...rest } = lone()[0]!
    expect((await run(file, doors, [zero, rest])).error?.meta['evidence']).toEqual(['001_a has no down'])
  })
})

describe('what an interrupted attempt left', () => {
  const leaving = (dialect: Dialect): Dialect => ({
    ...dialect,
    longWait: sql => (sql === 'VACUUM' ? { waitMs: 1, leaves: 'Something may remain.', next: [] } : undefined),
  })
  const failing = (call: Call) => {
    if (isVacuum(call)) throw new Error('made by the test')
  }
  const cleaning = (found: readonly string[], outcome: Verdict['outcome'] = 'unknown') =>
    says(outcome, { cleanUp: async () => found })

  async function failed(revisions: readonly MemoryRevision[] = lone()) {
    const file = newSqlite()
    const recovery = cleaning([])
    await single(leaving(faulty(file(), { before: failing, recovery })), revisions).up()
    expect((await single(file(), revisions).status()).databases[0]?.partial).toMatchObject([
      { done: 0, inDoubt: false },
    ])
    return file
  }

  it('is removed before the statement is run again, also after an error', async () => {
    const file = await failed()
    const { error, ran, events } = await run(file, { recovery: cleaning(['removed x']) })
    expect(error).toBeUndefined()
    expect(recovered(events)).toEqual(['1 cleaned: removed x'])
    expect(ran).toEqual(['VACUUM', 'CREATE TABLE a (id int)'])
  })

  it('may be what completes the statement, which is not run again then', async () => {
    const file = await failed()
    const { error, ran, events } = await run(file, { recovery: cleaning(['completed x'], 'done') })
    expect(error).toBeUndefined()
    expect(recovered(events)).toEqual(['1 cleaned: completed x', '1 done: seen as done'])
    expect(ran).toEqual(['CREATE TABLE a (id int)'])
  })

  it('is nothing, most often', async () => {
    const { error, events } = await run(await failed(), { recovery: cleaning([]) })
    expect(error).toBeUndefined()
    expect(recovered(events)).toEqual([])
  })

  it('stops the run when it cannot be removed', async () => {
    const fault = says('unknown', { cleanUp: () => Promise.reject(new Error('still in use')) })
    const { error, databases } = await run(await failed(), { recovery: fault })
    expect(error).toMatchObject({ message: 'still in use', meta: { state: 'rolled-back' } })
    expect(states(databases[0])).toEqual(['001_a rolled-back'])
  })

  it('is looked at after the session was made as the done statements had it', async () => {
    const revisions = [{ id: '001_a', transaction: 'off' as const, up: 'PRAGMA cache_size = 77;\nVACUUM;\nVACUUM' }]
    const file = newSqlite()
    let vacuums = 0
    const before = (call: Call) => {
      if (isVacuum(call) && ++vacuums === 2) throw new Error('made by the test')
    }
    await single(leaving(faulty(file(), { before, recovery: cleaning([]) })), revisions).up()
    const timed = [{ ...revisions[0]!, lockTimeout: '900ms' }]
    const broken = (call: Call) => {
      if (call.sql.startsWith('PRAGMA cache_size')) throw new Error('not now')
    }
    const stopped = await run(file, { recovery: cleaning(['x']), before: broken }, timed)
    expect(stopped.error).toMatchObject({ message: 'not now', meta: { state: 'partial' } })
    const { error, ran } = await run(file, { recovery: cleaning(['x']) }, timed)
    expect(error).toBeUndefined()
    expect(ran).toEqual(['PRAGMA cache_size = 77', 'VACUUM'])
  })

  it('of code is removed when it comes to that step, and its row is kept for it', async () => {
    const revisions = [code('001_a', m => m.query('VACUUM'), { transaction: 'off' })] as never
    const file = await failed(revisions)
    const { error, events } = await run(file, { recovery: cleaning(['removed x']) }, revisions)
    expect(error).toBeUndefined()
    expect(recovered(events)).toEqual(['1 cleaned: removed x'])
    const again = await failed(revisions)
    const done = await run(again, { recovery: cleaning(['completed x'], 'done') }, revisions)
    expect(recovered(done.events)).toEqual(['1 cleaned: completed x', '1 done: seen as done'])
    expect(done.ran).toEqual([])
  })
})

it('refuses to resume what lived in a session that is gone', async () => {
  const up = (last: string) =>
    `CREATE TEMP TABLE draft (id int);\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (${last});`
  const revisions = (last: string) => [{ id: '001_a', transaction: 'off' as const, up: up(last) }]
  const file = newSqlite()
  await single(file(), revisions('no_such')).up()
  const recovery = says('unknown', {
    sessionBound: text => (/TEMP/.test(text) ? 'the temporary table draft' : undefined),
  })
  const { error, ran } = await run(file, { recovery }, revisions('1'))
  expect(error).toMatchObject({ code: 'JOURNAL.PARTIAL', message: expect.stringContaining('draft in step 1') })
  expect(ran).toEqual([])
})

describe('a former connection that is still at work', () => {
  /** The next run takes the lease over from somebody on another machine. */
  const heldBy = (file: () => Dialect, backend = 'elsewhere:7') =>
    using(file(), async (sql, session) => {
      await file().journal.ensure(session)
      const past = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 seconds')"
      await sql.query(
        `UPDATE godwit_lease SET owner = 'dead', holder = 'dead@host pid 7', backend = '${backend}', backend_start = 's', ` +
          `fence = fence + 1, acquired_at = ${past}, heartbeat_at = ${past}, expires_at = ${past}`,
      )
      await sql.query(`UPDATE godwit_step SET backend = '${backend}', backend_start = 's'`)
    })
  const surviving = (looks: readonly (Partial<Survivor> | undefined)[], end?: () => Promise<boolean>) => {
    const ended: string[] = []
    let look = 0
    const recovery = says('done', {
      async survivor() {
        const found = looks[Math.min(look++, looks.length - 1)]
        return found && { statement: 'ALTER TABLE x', forMs: 5, ...found }
      },
      async end(_, { backend }) {
        ended.push(backend)
        return end ? end() : true
      },
    })
    return { recovery, ended }
  }
  const told = (events: readonly RunEvent[]) =>
    events.flatMap(event => (event.type === 'survivor' ? [`${event.holder} ${event.ending}`] : []))

  it('is waited for while it works on a step in doubt', { timeout: 20_000 }, async () => {
    const file = await inDoubt()
    await heldBy(file)
    const { recovery, ended } = surviving([{}, {}, undefined])
    const { error, events } = await run(file, { recovery })
    expect(error).toBeUndefined()
    expect(ended).toEqual([])
    expect(told(events)).toEqual(['dead@host pid 7 false'])
  })

  it('is ended when it runs nothing, or when the wait is over', { timeout: 20_000 }, async () => {
    for (const [looks, options] of [
      [[{ idle: true as const }, undefined], {}],
      [[{}, {}, {}, undefined], { lockWaitMs: 250 }],
    ] as const) {
      const file = await inDoubt()
      await heldBy(file)
      const { recovery, ended } = surviving(looks)
      const { error } = await run(file, { recovery }, lone(), options)
      expect(error).toBeUndefined()
      expect(ended).toEqual(['elsewhere:7'])
    }
  })

  it('is ended at once when its work cannot be committed any more', async () => {
    const file = newSqlite()
    await heldBy(file)
    const { recovery, ended } = surviving([{ statement: undefined }, undefined])
    const { error, events } = await run(file, { recovery }, [table('001_a')])
    expect(error).toBeUndefined()
    expect(ended).toEqual(['elsewhere:7'])
    expect(told(events)).toEqual(['dead@host pid 7 true'])
  })

  it('stops the run when it may not be ended, or does not end', { timeout: 20_000 }, async () => {
    for (const allowed of [false, true]) {
      const file = newSqlite()
      await heldBy(file)
      const { recovery } = surviving(
        [{ statement: allowed ? 'UPDATE x' : undefined, forMs: undefined }],
        async () => allowed,
      )
      const { error, events } = await run(file, { recovery }, [table('001_a')], { lockWaitMs: 300 })
      expect(told(events).at(-1)).toBe(`dead@host pid 7 ${allowed}`)
      expect(error).toMatchObject({
        code: 'LOCK.SURVIVOR',
        exitCode: 5,
        meta: { backend: 'elsewhere:7', inDoubt: false },
      })
      expect(error?.why).toContain(allowed ? 'has not done so yet' : 'may not end it')
    }
  })

  it('is this very connection never', { timeout: 20_000 }, async () => {
    const file = await inDoubt()
    const { recovery, ended } = surviving([{}])
    expect((await run(file, { recovery })).error).toBeUndefined()
    expect(ended).toEqual([])
  })

  it('is named by a repair that only looks, and outlived by one that answers', { timeout: 20_000 }, async () => {
    const file = await inDoubt()
    await using(file(), sql => sql.query("UPDATE godwit_step SET backend = 'elsewhere:7'"))
    const looking = surviving([{}])
    const look = await single(faulty(file(), { recovery: looking.recovery }), lone()).repair()
    expect(look.databases[0]?.actions[0]).toMatchObject({
      found: expect.stringContaining('elsewhere:7 is still at work'),
    })
    expect(looking.ended).toEqual([])
    const answering = surviving([{ idle: true }, undefined])
    const answer = await single(faulty(file(), { recovery: answering.recovery }), lone()).repair({ inDoubt: 'retry' })
    expect(answer.databases[0]?.actions[0]?.done).toBe('step 1 will be run again')
    expect(answering.ended).toEqual(['elsewhere:7'])
    // Nobody can be asked where connections end with their process.
    await using(file(), sql =>
      sql.query("UPDATE godwit_step SET running = 1, backend = 'elsewhere:7', backend_start = NULL"),
    )
    const plain = await single(faulty(file(), { recovery: says('done') }), lone()).repair()
    expect(plain.databases[0]?.actions[0]?.done).toBe('nothing: the next up records it as done')
    const gone = await single(faulty(file(), { recovery: surviving([undefined]).recovery }), lone()).repair()
    expect(gone.databases[0]?.actions[0]?.done).toBe('nothing: the next up records it as done')
  })
})
