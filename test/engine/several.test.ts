// Several databases in one run: each fails on its own, what depends on another waits for it, and nothing hangs.
import { describe, expect, it, vi } from 'vitest'
import { GodwitError } from '../../src/core/error.ts'
import type { Dialect } from '../../src/dialect/dialect.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import type { MemoryRevision } from '../../src/source/memory.ts'
import { type Call, type Doors, faulty } from './faulty.ts'
import { newSqlite, type Place, project, states, table, tables, using } from './project.ts'

vi.setConfig({ testTimeout: 20_000 })

const on = (revision: MemoryRevision, ...depends: string[]): MemoryRevision => ({ ...revision, depends })
const broken: MemoryRevision = { id: '001_bad', up: 'INSERT INTO nowhere VALUES (1)' }

/** Databases on files of their own, opened anew for each project. */
function several(revisions: Readonly<Record<string, readonly MemoryRevision[]>>) {
  const files = new Map(Object.keys(revisions).map(name => [name, newSqlite()]))
  const dialect = (name: string): Dialect => files.get(name)!()
  const open = (doors: Readonly<Record<string, Doors>> = {}, other: Readonly<Record<string, Partial<Place>>> = {}) =>
    project(
      Object.fromEntries(
        Object.entries(revisions).map(([name, list]) => [
          name,
          { dialect: faulty(dialect(name), doors[name] ?? {}), revisions: list, ...other[name] },
        ]),
      ),
    )
  return { open, dialect, tables: (name: string) => tables(dialect(name)) }
}

for (const parallel of [false, true]) {
  describe(parallel ? 'in parallel' : 'one after the other', () => {
    it('each fails on its own, and one result says which', async () => {
      const { open, tables: there } = several({ a: [table('001_a', 'a')], b: [broken], c: [table('001_c', 'c')] })
      const { ok, error, databases } = await open().up({ parallel })
      expect(ok).toBe(false)
      expect(databases.map(database => database.ok)).toEqual([true, false, true])
      expect(error).toMatchObject({
        code: 'RUN.DATABASES_FAILED',
        message: '1 of 3 databases failed: b',
        why: expect.stringContaining('Done without failure: a, c.'),
        next: ['godwit status --database b'],
        meta: { failed: [{ name: 'b', code: 'RUN.STATEMENT_FAILED' }] },
      })
      expect(await there('c')).toEqual(['c'])
    })

    it('says so when none was done', async () => {
      const { open } = several({ a: [broken], b: [broken] })
      expect((await open().up({ parallel })).error?.why).toContain('Done without failure: none.')
    })

    it('waits for what it depends on, whatever the order of the configuration', async () => {
      const { open, tables: there } = several({
        a: [on(table('001_a', 'a'), 'b:001'), on(table('002_aa', 'aa'), 'c:002_cc')],
        b: [on(table('001_b', 'b'), 'c:001_c')],
        c: [table('001_c', 'c'), on(table('002_cc', 'cc'), 'a:001_a')],
      })
      const order: string[] = []
      const listen = (event: RunEvent) => {
        if (event.type === 'revision-end') order.push(`${event.database}:${event.revision}`)
      }
      expect((await open().up({ parallel, on: listen })).error).toBeUndefined()
      expect(order).toEqual(['c:001_c', 'b:001_b', 'a:001_a', 'c:002_cc', 'a:002_aa'])
      order.length = 0
      expect((await open().down({ parallel, target: 'base', on: listen })).error).toBeUndefined()
      expect(order).toEqual(['a:002_aa', 'c:002_cc', 'a:001_a', 'b:001_b', 'c:001_c'])
      expect(await there('a')).toEqual([])
      expect((await open().up({ parallel })).ok).toBe(true)
    })

    it('undoes what depends on it first', async () => {
      const { open } = several({ main: [table('001_a', 'a')], vector: [on(table('001_v', 'v'), 'main:001_a')] })
      await open().up()
      const order: string[] = []
      const slow: Doors = {
        before: async call => {
          if (call.what === 'open') await new Promise(resolve => setTimeout(resolve, 200))
        },
      }
      const down = await open({ vector: slow }).down({
        parallel,
        on: event => event.type === 'revision-end' && order.push(event.database),
      })
      expect(down.error).toBeUndefined()
      expect(order).toEqual(['vector', 'main'])
    })

    it('stops what depends on a revision that failed, and names it', async () => {
      const { open, tables: there } = several({
        a: [table('001_a', 'a'), on(table('002_aa', 'aa'), 'b:001_bad')],
        b: [broken],
      })
      const events: RunEvent[] = []
      const { databases } = await open().up({ parallel, on: event => events.push(event) })
      expect(databases[0]?.error).toMatchObject({
        code: 'GRAPH.DEPENDENCY_PENDING',
        message: '002_aa depends on b:001_bad, which is not applied',
        next: ['godwit up 001_bad --database b', 'godwit up'],
      })
      expect(states(databases[0])).toEqual(['001_a applied', '002_aa pending'])
      expect(await there('a')).toEqual(['a'])
      const waited = events.flatMap(event => (event.type === 'waiting-for' ? event.depends : []))
      expect(waited).toEqual(['b:001_bad'])
    })
  })
}

describe('a dependency that is no part of the run', () => {
  const histories = { a: [on(table('001_a', 'a'), 'b:001_b')], b: [table('001_b', 'b')] }

  it('is met or refused by what is applied there', async () => {
    const { open } = several(histories)
    expect((await open().up({ databases: ['a'] })).error?.code).toBe('GRAPH.DEPENDENCY_PENDING')
    await open().up({ databases: ['b'] })
    expect((await open().up({ databases: ['a'] })).error).toBeUndefined()
    expect((await open().down({ databases: ['b'] })).error).toMatchObject({
      code: 'GRAPH.DEPENDENCY_PENDING',
      message: 'a:001_a depends on 001_b and is still applied',
      next: ['godwit down --database a', 'godwit down'],
    })
    await open().down({ databases: ['a'] })
    expect((await open().down({ databases: ['b'] })).error).toBeUndefined()
  })

  it('is not guessed when its database cannot be read', async () => {
    const { open, dialect } = several(histories)
    const before = (call: Call) => {
      if (call.what === 'open') throw new GodwitError('CONNECT.REFUSED', 'nobody there')
    }
    expect((await open({ b: { before } }).up({ databases: ['a'] })).error?.code).toBe('CONNECT.REFUSED')
    await open().up()
    await using(dialect('a'), sql => sql.query('UPDATE godwit_lease SET format = 99'))
    expect((await open().down({ databases: ['b'] })).error?.code).toBe('JOURNAL.FORMAT_NEWER')
  })
})

it('asks a database that ended otherwise: another runner may have applied it', async () => {
  const { open } = several({ a: [on(table('001_a', 'a'), 'b:001_b')], b: [table('001_b', 'b')] })
  const before = async (call: Call) => {
    if (call.what !== 'acquire') return
    await open().up({ databases: ['b'] })
    throw new GodwitError('LOCK.HELD', 'made by the test')
  }
  const { databases } = await open({ b: { before } }).up()
  expect(databases.map(({ ok }) => ok)).toEqual([true, false])
})

it('knows what another runner applied while this one waited for the lock', async () => {
  const { open } = several({ a: [on(table('001_a', 'a'), 'b:001_b')], b: [table('001_b', 'b')] })
  let first = true
  const before = async (call: Call) => {
    if (call.what !== 'acquire' || !first) return
    first = false
    await open().up({ databases: ['b'] })
  }
  const { error, databases } = await open({ b: { before } }).up()
  expect(error).toBeUndefined()
  expect(databases.map(database => database.steps.length)).toEqual([1, 0])
})

describe('files that cannot be read', () => {
  const bad = {
    source: { description: 'broken', load: () => Promise.reject(new GodwitError('FILE.FOLDER_MISSING', 'no folder')) },
  }

  it('fail what depends on them, directly or not, and nothing else', async () => {
    const { open } = several({
      a: [on(table('001_a', 'a'), 'b:001_b')],
      b: [on(table('001_b', 'b'), 'c:001_c')],
      c: [table('001_c', 'c')],
      d: [on(table('001_d', 'd'), 'e:001_e')],
      e: [table('001_e', 'e')],
    })
    const { databases } = await open({}, { c: bad }).up()
    expect(databases.map(database => database.error?.code)).toEqual([
      'FILE.FOLDER_MISSING',
      'FILE.FOLDER_MISSING',
      'FILE.FOLDER_MISSING',
      undefined,
      undefined,
    ])
  })

  it('do not keep another database from going down', async () => {
    const { open } = several({
      a: [table('001_a', 'a')],
      b: [table('001_b', 'b')],
      c: [on(table('001_c', 'c'), 'a:no_such')],
    })
    await open().up({ databases: ['a'] })
    expect((await open({}, { b: bad }).down({ databases: ['a'] })).error).toBeUndefined()
  })
})

it('refuses databases that wait for each other', async () => {
  const { open } = several({
    a: [on(table('001_a', 'a'), 'b:001_b')],
    b: [on(table('001_b', 'b'), 'a:001_a')],
  })
  const { databases } = await open().up()
  expect(databases.map(database => database.error?.code)).toEqual(['GRAPH.CYCLE', 'GRAPH.CYCLE'])
})

it('goes on with a dependency that is applied already without waiting', async () => {
  const { open } = several({ a: [on(table('001_a', 'a'), 'b:001_b')], b: [table('001_b', 'b'), table('002_bb', 'bb')] })
  await open().up({ databases: ['b'], target: '001' })
  const events: string[] = []
  expect((await open().up({ databases: ['b', 'a'], on: event => events.push(event.type) })).error).toBeUndefined()
  expect(events).not.toContain('waiting-for')
})

it('names a fault of its own as one', async () => {
  const { open } = several({ a: [table('001_a', 'a')] })
  const before = (call: Call) => {
    if (call.what === 'open') throw new TypeError('odd')
  }
  expect((await open({ a: { before } }).up()).error).toMatchObject({
    code: 'INTERNAL.BUG',
    message: 'godwit met a fault of its own: odd',
  })
})
