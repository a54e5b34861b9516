import { createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ResolvedConfig } from '../config/resolved.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { BatchFailure } from '../dialect/session.ts'
import { duckdb } from '../dialect/duckdb/index.ts'
import { sqlite } from '../dialect/sqlite/index.ts'
import { type MemoryRevision, memorySource } from '../source/memory.ts'
import { makeGodwit } from './create.ts'
import { migrateOnStart, pendingCheck } from './start.ts'

const folder = mkdtempSync(join(tmpdir(), 'godwit-start-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

const table = (id: string): MemoryRevision => ({ id, up: `CREATE TABLE t${id} (id int)`, down: `DROP TABLE t${id}` })
const revisions = [table('001'), table('002')]

const newFile = () => {
  const url = join(folder, `${++files}.db`)
  return () => sqlite({ url })
}

function config(dialect: Dialect, facts: Partial<ResolvedConfig> = {}, list = revisions): ResolvedConfig {
  const lock = { waitMs: 10_000, ttlMs: 30_000 }
  const rest = { naming: 'timestamp', timeZone: 'UTC', strictSequence: false, lock }
  const databases = [{ name: 'main', dialect, source: memorySource(list), ...rest }]
  return { environment: 'development', protected: false, root: folder, databases, ...facts }
}

const production = { environment: 'production', protected: true }

async function tables(dialect: Dialect): Promise<string[]> {
  const session = await dialect.open({ purpose: 'read' })
  try {
    const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'godwit%' ORDER BY name"
    return ((await session.sql?.query<{ name: string }>(sql)) ?? []).map(row => row.name)
  } finally {
    await session.close()
  }
}

/** A file with the wanted schema. */
function schemaFile(text: string): { main: string } {
  const file = join(folder, `${++files}.sql`)
  writeFileSync(file, text)
  return { main: file }
}

/** The same store, with one batch item that fails where `sql` is found. */
function failingAt(real: Dialect, text: string, facts: { connectionLost?: boolean; plain?: boolean } = {}): Dialect {
  return {
    ...real,
    async open(options) {
      const session = await real.open(options)
      const sql = session.sql!
      return {
        ...session,
        sql: {
          ...sql,
          query: sql.query,
          async run(items, observer) {
            const at = items.findIndex(item => 'sql' in item && item.sql.includes(text))
            if (at === -1) return sql.run(items, observer)
            if (facts.plain) throw new TypeError('odd')
            throw new BatchFailure(at, new Error('made by the test'), facts)
          },
        },
      }
    },
  }
}

describe('migrateOnStart', () => {
  it('applies what is pending, tells it, and has nothing to do the next time', async () => {
    const file = newFile()
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    expect((await migrateOnStart(config(file()), { log })).ok).toBe(true)
    expect((await migrateOnStart(config(file()), { log })).databases[0]?.steps).toEqual([])
    expect(lines).toEqual(['godwit: main applied 2 revisions at 002', 'godwit: main is current at 002'])
    await migrateOnStart(config(newFile()(), {}, []), { log })
    expect(lines.at(-1)).toBe('godwit: main is current at base')
  })

  it('rejects with the error of the run: an application must not start on half a schema', async () => {
    const list = [table('001'), { id: '002', up: 'INSERT INTO nowhere VALUES (1)' }]
    await expect(migrateOnStart(config(newFile()(), {}, list))).rejects.toMatchObject({ code: 'RUN.STATEMENT_FAILED' })
  })

  it('refuses a protected environment with pending revisions, and lets a current one start', async () => {
    const file = newFile()
    const refused = migrateOnStart(config(file(), production))
    await expect(refused).rejects.toMatchObject({
      code: 'START.REFUSED',
      why: 'main is uninitialised. Nothing was changed.',
    })
    expect(await tables(file())).toEqual([])
    expect((await migrateOnStart(config(file(), production), { allowProtected: true })).ok).toBe(true)
    expect(await migrateOnStart(config(file(), production))).toMatchObject({
      ok: true,
      command: 'up',
      databases: [{ name: 'main', from: ['002'], to: ['002'], steps: [], verified: true }],
    })
  })

  it('takes a configuration as people write it', async () => {
    const url = `sqlite:${join(folder, `${++files}.db`)}`
    expect(
      (await migrateOnStart({ databases: { app: { url, revisions: [{ id: '002', up: 'SELECT 1' }] } } })).databases[0],
    ).toMatchObject({
      name: 'app',
      to: ['002'],
    })
  })

  it('lets several instances start at once: each revision is applied once', async () => {
    const file = newFile()
    const results = await Promise.all([1, 2, 3, 4].map(() => migrateOnStart(config(file()))))
    expect(results.flatMap(result => result.databases[0]?.steps ?? [])).toHaveLength(2)
  })
})

describe('fromSchema', () => {
  const wanted = 'CREATE TABLE t001 (id int);\nCREATE TABLE t002 (id int);\nCREATE VIEW v AS SELECT 1 AS one;'

  it('makes an empty database from the wanted schema and stamps it at the heads', async () => {
    const file = newFile()
    const lines: string[] = []
    const result = await migrateOnStart(config(file()), {
      fromSchema: schemaFile(wanted),
      log: line => lines.push(line),
    })
    expect(result.databases[0]?.steps).toEqual([])
    expect(lines[0]).toBe('godwit: main was made from the wanted schema and stamped at 002')
    expect(await tables(file())).toEqual(['t001', 't002'])
    const [status] = (await makeGodwit(config(file())).status()).databases
    expect(status?.applied.map(row => row.kind)).toEqual(['stamped', 'stamped'])
    const again = await migrateOnStart(config(file()), { fromSchema: schemaFile('CREATE TABLE other (id int)') })
    expect(again.ok).toBe(true)
    expect(await tables(file())).toEqual(['t001', 't002'])
  })

  it('is for the databases it names, with a signal, beside a journal that is empty', async () => {
    const file = newFile()
    await makeGodwit(config(file())).stamp({ target: 'base' })
    expect((await migrateOnStart(config(file()), { fromSchema: {}, signal: new AbortController().signal })).ok).toBe(
      true,
    )
    const other = newFile()
    await makeGodwit(config(other(), {}, [table('001')])).up()
    await makeGodwit(config(other(), {}, [table('001')])).down()
    const signal = new AbortController().signal
    expect((await migrateOnStart(config(other()), { fromSchema: schemaFile(wanted), signal })).ok).toBe(true)
    await expect(
      migrateOnStart(config(newFile()()), { fromSchema: schemaFile(wanted), signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'RUN.ABORTED' })
  })

  it('leaves it to another instance that was faster', async () => {
    const file = newFile()
    const fromSchema = schemaFile(wanted)
    const real = file()
    let first = true
    const acquire: Dialect['locker']['acquire'] = async (session, request) => {
      if (first) {
        first = false
        await migrateOnStart(config(file()))
      }
      return real.locker.acquire(session, request)
    }
    const late = { ...real, locker: { ...real.locker, acquire } }
    expect((await migrateOnStart(config(late), { fromSchema })).databases[0]?.steps).toEqual([])
    const [status] = (await makeGodwit(config(file())).status()).databases
    expect(status?.applied.map(row => row.kind)).toEqual(['applied', 'applied'])
  })

  it('lets several instances make it at once', async () => {
    const file = newFile()
    const fromSchema = schemaFile(wanted)
    const results = await Promise.all([1, 2, 3].map(() => migrateOnStart(config(file()), { fromSchema })))
    expect(results.every(result => result.ok)).toBe(true)
    expect(await tables(file())).toEqual(['t001', 't002'])
  })

  it('leaves nothing behind when the schema is broken', async () => {
    const file = newFile()
    const fromSchema = schemaFile('CREATE TABLE t001 (id int);\nINSERT INTO nowhere VALUES (1);')
    await expect(migrateOnStart(config(file()), { fromSchema })).rejects.toMatchObject({
      code: 'RUN.STATEMENT_FAILED',
      why: 'Everything was rolled back; the database is as before.',
      where: { file: fromSchema.main, line: 2 },
    })
    expect(await tables(file())).toEqual([])
    await expect(
      migrateOnStart(config(file()), { fromSchema: schemaFile('CREATE TABEL x (id int)') }),
    ).rejects.toMatchObject({ code: 'SQL.SYNTAX_INVALID' })
  })

  it('says what stays where the store cannot roll back, and when the record fails', async () => {
    const file = newFile()
    const autocommit = {
      ...file(),
      capabilities: { ...file().capabilities, transactions: false, transactionalDdl: false },
    }
    const fromSchema = schemaFile('CREATE TABLE t001 (id int);\nINSERT INTO nowhere VALUES (1);')
    await expect(migrateOnStart(config(autocommit), { fromSchema })).rejects.toMatchObject({
      code: 'RUN.STATEMENT_FAILED_PARTIAL',
      where: { line: 2 },
    })
    const fine = { ...newFile()(), capabilities: autocommit.capabilities }
    expect((await migrateOnStart(config(fine), { fromSchema: schemaFile(wanted) })).ok).toBe(true)
    const record = migrateOnStart(config(failingAt(newFile()(), "'stamped'")), { fromSchema: schemaFile(wanted) })
    await expect(record).rejects.toMatchObject({ code: 'RUN.STATEMENT_FAILED', where: undefined })
  })

  it('does not say that all was rolled back when the connection was lost', async () => {
    const lost = failingAt(newFile()(), "'stamped'", { connectionLost: true })
    const error = await migrateOnStart(config(lost), { fromSchema: schemaFile(wanted) }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ message: 'made by the test' })
    expect(String((error as { why?: string }).why)).not.toContain('rolled back')
    const odd = failingAt(newFile()(), "'stamped'", { plain: true })
    await expect(migrateOnStart(config(odd), { fromSchema: schemaFile(wanted) })).rejects.toMatchObject({
      code: 'INTERNAL.BUG',
      cause: { message: 'odd' },
    })
  })

  it('refuses outside of development, a file that is not there, and a journal of a newer godwit', async () => {
    const refused = migrateOnStart(config(newFile()(), { environment: 'staging' }), { fromSchema: schemaFile(wanted) })
    await expect(refused).rejects.toMatchObject({ code: 'START.REFUSED', next: ['remove fromSchema'] })
    await expect(
      migrateOnStart(config(newFile()(), { environment: 'test' }), { fromSchema: { main: join(folder, 'none.sql') } }),
    ).rejects.toMatchObject({ code: 'FILE.FOLDER_MISSING' })
    const file = newFile()
    await makeGodwit(config(file(), {}, [])).stamp({ target: 'base' })
    const session = await file().open({ purpose: 'run' })
    await session.sql?.query('UPDATE godwit_lease SET format = 99')
    await session.close()
    await expect(migrateOnStart(config(file()), { fromSchema: schemaFile(wanted) })).rejects.toMatchObject({
      code: 'JOURNAL.FORMAT_NEWER',
    })
    expect(await tables(file())).toEqual([])
  })

  it('works on another store, too', async () => {
    const url = join(folder, `${++files}.duckdb`)
    expect((await migrateOnStart(config(duckdb({ url })), { fromSchema: schemaFile(wanted) })).ok).toBe(true)
    expect((await makeGodwit(config(duckdb({ url }))).verify()).ok).toBe(true)
  })
})

describe('pendingCheck', () => {
  it('answers 503 with what is pending, asks seldom, and lets everything through once all is current', async () => {
    const file = newFile()
    const godwit = makeGodwit(config(file()))
    let asked = 0
    const counted = {
      ...godwit,
      status: (...given: Parameters<typeof godwit.status>) => (asked++, godwit.status(...given)),
    }
    const check = pendingCheck(counted, { everyMs: 150 })
    const server = createServer((request, response) => {
      void check(request, response, error => response.end(error ? `error: ${String(error)}` : 'hello'))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    try {
      const [first] = await Promise.all([fetch(url), fetch(url), fetch(url)])
      expect(first?.status).toBe(503)
      expect(first?.headers.get('retry-after')).toBe('1')
      expect(await first?.json()).toEqual({
        ok: false,
        pending: [{ name: 'main', state: 'uninitialised', pending: ['001', '002'] }],
        next: ['godwit up'],
      })
      expect(asked).toBe(1)
      await godwit.up()
      await new Promise(resolve => setTimeout(resolve, 200))
      expect(await (await fetch(url)).text()).toBe('hello')
      expect(await (await fetch(url)).text()).toBe('hello')
      expect(asked).toBe(2)
    } finally {
      server.close()
    }
  })

  it('hands an error on', async () => {
    const godwit = makeGodwit(config(newFile()()))
    const check = pendingCheck({ ...godwit, status: () => Promise.reject(new Error('odd')) })
    const response = { statusCode: 200, setHeader: () => undefined, end: () => undefined }
    const error = await new Promise(resolve => void check({}, response, resolve))
    expect(error).toMatchObject({ message: 'odd' })
  })
})

it('isReady is true when all is applied, and never throws', async () => {
  const godwit = makeGodwit(config(newFile()()))
  expect(await godwit.isReady()).toBe(false)
  await godwit.up()
  expect(await godwit.isReady()).toBe(true)
  expect(await godwit.isReady({ databases: ['nope'] })).toBe(false)
  await godwit.close()
})
