// Schemas as data: SQL loaded into scratch databases, what a history leads to, and the SQL between two schemas. With
// real SQLite databases in memory; the other stores: test/schema.
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import type { Dialect } from '../../src/dialect/dialect.ts'
import { sqlite } from '../../src/dialect/sqlite/index.ts'
import { type CompareRequest, compareSchemas } from '../../src/engine/schema/compare.ts'
import { historySnapshot } from '../../src/engine/schema/history-snapshot.ts'
import { loadTexts, schemaPartOf } from '../../src/engine/schema/load-texts.ts'
import { scratchSource, withScratch } from '../../src/engine/schema/scratch-source.ts'
import { diffSnapshots } from '../../src/schema/diff/diff.ts'
import type { Snapshot } from '../../src/schema/model/snapshot.ts'
import { memorySource } from '../../src/source/memory.ts'
import { faulty, lost } from './faulty.ts'
import { configOf, newPath, newSqlite, single, table, tables } from './project.ts'

const memory = () => sqlite({ url: 'sqlite::memory:' })
const makeScratch = async () => (await memory().scratch?.())!
const scratch = scratchSource(makeScratch)
afterAll(() => scratch.dispose())

const text = (sql: string, file = 'schema.sql') => ({ file, text: sql })
const load = (...sql: readonly string[]): Promise<Snapshot> =>
  withScratch(scratch, async empty => {
    const { snapshot, clean } = await loadTexts(
      empty,
      sql.map((each, index) => text(each, `${index + 1}.sql`)),
    )
    return { result: snapshot, clean }
  })
const keys = (snapshot: Snapshot) => snapshot.objects.map(object => object.key)

describe('texts', () => {
  it('are read back from a database that is empty again afterwards', async () => {
    const { dialect, dispose } = await makeScratch()
    const loaded = await loadTexts(dialect, [text('CREATE TABLE a (id INTEGER PRIMARY KEY)')])
    expect(keys(loaded.snapshot)).toContain('table:a')
    expect(loaded.clean).toBe(true)
    expect(await tables(dialect)).toEqual([])
    await dispose()
  })

  it('may hold what no transaction takes, and leave the database used then', async () => {
    const { dialect, dispose } = await makeScratch()
    const loaded = await loadTexts(dialect, [
      text('CREATE TABLE a (id int);\nVACUUM;\nCREATE VIEW v AS SELECT id FROM a'),
    ])
    expect(loaded.clean).toBe(false)
    expect(await tables(dialect)).toEqual(['a'])
    await dispose()
  })

  it('may be a dump, with its transaction and the guards of pg_dump', async () => {
    const dump = '\\restrict kX9\nBEGIN;\nCREATE TABLE a (id int);\nCOMMIT;\n\\unrestrict kX9\n'
    expect(keys(await load(dump))).toEqual(keys(await load('CREATE TABLE a (id int)')))
  })

  it('of several files are one schema, and more SQL may follow them', async () => {
    const { dialect, dispose } = await makeScratch()
    const options = { then: ['CREATE TABLE c (id int)'] }
    const files = [text('CREATE TABLE a (id int)'), text('CREATE VIEW v AS SELECT id FROM a')]
    const { snapshot } = await loadTexts(dialect, files, options)
    expect(keys(snapshot)).toEqual(expect.arrayContaining(['table:a', 'table:c', 'view:v']))
    await expect(loadTexts(dialect, files, { then: ['CREATE nothing'] })).rejects.toMatchObject({
      code: 'SCHEMA.LOAD_FAILED',
      next: [],
    })
    await dispose()
  })

  it('that are wrong are told with their place, and nothing stays', async () => {
    const { dialect, dispose } = await makeScratch()
    const wrong = [text('CREATE TABLE a (id int);', 'a.sql'), text('\n  CREATE TABLE b (id int) nonsense;', 'b.sql')]
    await expect(loadTexts(dialect, wrong)).rejects.toMatchObject({
      code: 'SCHEMA.LOAD_FAILED',
      message: expect.stringContaining('nonsense'),
      where: { file: 'b.sql', line: 2 },
      next: ['mend b.sql'],
    })
    expect(await tables(dialect)).toEqual([])
    await dispose()
  })

  it('that fail for a reason with its own advice pass that on', async () => {
    const { dialect, dispose } = await makeScratch()
    const mapError: Dialect['mapError'] = error => {
      const mapped = dialect.mapError(error)
      return Object.assign(mapped, { code: 'RUN.PERMISSION_DENIED', next: ['ask the owner'] })
    }
    await expect(loadTexts({ ...dialect, mapError }, [text('INSERT INTO nowhere VALUES (1)')])).rejects.toMatchObject({
      code: 'SCHEMA.LOAD_FAILED',
      next: ['ask the owner'],
    })
    await dispose()
  })

  it('get first what an empty database lacks', async () => {
    const { dialect, dispose } = await makeScratch()
    const part = (await dialect.schema?.())!
    const needs = async (_: unknown, statements: readonly string[]) =>
      statements.some(sql => sql.includes('REFERENCES')) ? ['CREATE TABLE parent (id INTEGER PRIMARY KEY)'] : []
    const needing = { ...dialect, schema: async () => ({ ...part, needs }) }
    const { snapshot } = await loadTexts(needing, [text('CREATE TABLE child (id int REFERENCES parent)')])
    expect(keys(snapshot)).toContain('table:parent')
    await dispose()
  })

  it('fail with the error of the store where no statement is to blame', async () => {
    const { dialect, dispose } = await makeScratch()
    const doors = {
      before: (call: { item?: unknown }) => {
        if (call.item) throw new TypeError('odd')
      },
    }
    await expect(loadTexts(faulty(dialect, doors), [text('CREATE TABLE a (id int)')])).rejects.toThrow('odd')
    await dispose()
  })

  it('of a store without introspection are refused', async () => {
    const { schema: _, ...rest } = memory()
    await expect(loadTexts(rest, [])).rejects.toMatchObject({ code: 'SCHEMA.UNSUPPORTED' })
  })
})

describe('scratch databases', () => {
  it('are used again while they are clean, and ended', async () => {
    const log: string[] = []
    const source = scratchSource(async () => {
      const made = await makeScratch()
      log.push('made')
      const dispose = async () => {
        log.push('ended')
        await made.dispose()
      }
      return { ...made, dispose }
    })
    const use = (clean: boolean) => withScratch(source, async () => ({ result: clean, clean }))
    expect(await use(true)).toBe(true)
    expect(await use(true)).toBe(true)
    expect(log).toEqual(['made'])
    await use(false)
    expect(log).toEqual(['made', 'ended'])
    await expect(withScratch(source, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(log).toEqual(['made', 'ended', 'made', 'ended'])
    await use(true)
    await source.dispose()
    expect(log.slice(4)).toEqual(['made', 'ended'])
  })
})

describe('a history', () => {
  const revisions = [table('001_one'), table('002_two'), table('003_three')]
  const database = (dialect: Dialect) => configOf({ main: { dialect, revisions } }).databases[0]!
  const read = (dialect: Dialect, target: string | undefined, source = memorySource(revisions)) =>
    withScratch(scratch, async empty => ({
      result: await historySnapshot({ ...database(dialect), source }, empty, target, {}),
      clean: false,
    }))
  const made = (snapshot: Snapshot) => keys(snapshot).filter(key => key.startsWith('table:'))

  it('is run on an empty database, without a trace of the journal, and the real one is not touched', async () => {
    const path = newPath('db')
    const real = sqlite({ url: path })
    expect(made(await read(real, undefined))).toEqual(['table:one', 'table:three', 'table:two'])
    expect(made(await read(real, '002'))).toEqual(['table:one', 'table:two'])
    expect(() => readFileSync(path)).toThrow('ENOENT')
  })

  it('may be taken as far as the database itself is', async () => {
    const file = newSqlite()
    await single(file(), revisions).up({ target: '001' })
    expect(made(await read(file(), 'applied'))).toEqual(['table:one'])
  })

  it('that does not run says where', async () => {
    const broken = memorySource([table('001_one'), { id: '002_two', up: 'CREATE TABLE two (id int) nonsense' }])
    await expect(read(memory(), undefined, broken)).rejects.toMatchObject({
      code: expect.stringMatching(/^(RUN|SQL)\./),
      where: { file: '002_two' },
    })
  })
})

describe('two schemas', () => {
  const compare = async (from: string, to: string, rest: Partial<CompareRequest> = {}) =>
    compareSchemas({
      from: await load(from),
      to: await load(to),
      dialect: memory(),
      scratch,
      renames: 'ask',
      answers: [],
      online: false,
      introspect: {},
      ...rest,
    })
  /** What `statements` make of `from` is `to`. */
  const leads = async (from: string, statements: readonly { readonly sql: string }[], to: string) => {
    const made = await load(from, ...statements.map(({ sql }) => sql))
    const { renderer } = await schemaPartOf(memory())
    expect(diffSnapshots(made, await load(to), { ordered: renderer.ordered })).toEqual([])
  }
  const users = (name: string, more = '') =>
    `CREATE TABLE users (id INTEGER PRIMARY KEY, ${name} TEXT NOT NULL${more});`

  it('that are equal differ in nothing', async () => {
    const same = await compare(users('name'), users('name'))
    expect(same).toMatchObject({ changes: [], up: [], down: [], dropped: [] })
  })

  it('have a way up and a way back', async () => {
    const to = `${users('name', ', age int')} CREATE INDEX by_age ON users (age);`
    const { up, down } = await compare(users('name'), to)
    await leads(users('name'), up, to)
    await leads(to, down, users('name'))
  })

  it('ask whether a likely rename is one', async () => {
    await expect(compare(users('name'), users('full_name'))).rejects.toMatchObject({
      code: 'SCHEMA.RENAME_UNANSWERED',
      message: expect.stringContaining('column users.name → users.full_name'),
      meta: { renames: [{ kind: 'column', from: 'users.name', to: 'users.full_name', rename: true }] },
    })
  })

  it('take an answer, yes or no', async () => {
    const answer = { kind: 'column', from: 'users.name', to: 'users.full_name' }
    const yes = await compare(users('name'), users('full_name'), { answers: [{ ...answer, rename: true }] })
    expect(yes.changes).toMatchObject([{ type: 'rename', before: { key: 'column:users.name' } }])
    expect(yes.up).toHaveLength(1)
    await leads(users('name'), yes.up, users('full_name'))
    await leads(users('full_name'), yes.down, users('name'))
    const no = await compare(users('name'), users('full_name'), { answers: [{ ...answer, rename: false }] })
    expect(no.dropped).toMatchObject([{ after: { key: 'column:users.full_name' } }])
    expect(no.changes.map(change => change.type).sort()).not.toContain('rename')
  })

  it('rename a table first, then its columns, then what is left', async () => {
    const from = `${users('name', ', mail TEXT, age int')} CREATE VIEW v AS SELECT age FROM users;`
    const to = `${users('full_name', ', mail TEXT, age int, size int').replace('users', 'app_users')} CREATE VIEW v AS SELECT age FROM app_users;`
    const { changes, up, down } = await compare(from, to, { renames: 'always' })
    expect(changes.flatMap(change => (change.type === 'rename' ? [change.after.key] : []))).toEqual([
      'table:app_users',
      'column:app_users.full_name',
    ])
    await leads(from, up, to)
    await leads(to, down, from)
  })

  it('say what renames do where the database can tell only by doing them', async () => {
    const renames = { renames: 'always' as const }
    const before = await load(users('name'))
    const broken = scratchSource(async () => {
      const { dialect, dispose } = await makeScratch()
      const before = (call: { sql: string }) => {
        if (call.sql.includes('RENAME')) throw lost()
      }
      return { dialect: faulty(dialect, { before }), dispose }
    })
    await expect(
      compare('', '', { from: before, to: await load(users('full_name')), scratch: broken, ...renames }),
    ).rejects.toMatchObject({ code: 'CONNECT.LOST' })
  })

  it('tell once what cannot be compared', async () => {
    const odd = (names: readonly string[], kind = 'odd') => ({ kind, names, count: names.length })
    const from = await load(users('name'))
    const { notCompared } = await compare('', '', {
      from: { ...from, notCompared: [odd(['b', 'a']), { kind: 'zebra', names: [], count: 3 }] },
      to: { ...from, notCompared: [odd(['c', 'a']), odd(['x'], 'early')] },
    })
    expect(notCompared).toEqual([
      { kind: 'early', names: ['x'], count: 1 },
      { kind: 'odd', names: ['a', 'b', 'c'], count: 3 },
      { kind: 'zebra', names: [], count: 3 },
    ])
  })

  it('whose changes need each other in a circle are refused', async () => {
    // No order helps where each new table is said to need the other before it.
    const to = await load('CREATE TABLE a (id int); CREATE TABLE b (id int);')
    const other: Readonly<Record<string, string>> = { 'table:a': 'table:b', 'table:b': 'table:a' }
    const objects = to.objects.map(object => {
      const depends = other[object.key]
      return depends === undefined ? object : { ...object, depends: [depends] }
    })
    await expect(compare('', '', { to: { ...to, objects } })).rejects.toMatchObject({
      code: 'SCHEMA.CHANGES_CIRCULAR',
      meta: { objects: expect.arrayContaining([expect.stringContaining('a')]) },
    })
  })
})
