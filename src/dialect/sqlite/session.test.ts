// A SQLite session on real files, through every driver that is installed: foreign keys first, since they lose rows.
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isGodwitError } from '../../core/error.ts'
import { BatchFailure, type BatchItem } from '../session.ts'
import { chooseDriver } from './driver/choose.ts'
import { sqlite } from './index.ts'
import { installedDrivers, newFile, rejection, sqlOf, statements } from './sqlite.fixture.ts'

const rebuild: BatchItem = { kind: 'begin', hint: { rebuildsTables: true } }
const begin: BatchItem = { kind: 'begin' }
const commit: BatchItem = { kind: 'commit' }

const family = `
  CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE book (id INTEGER PRIMARY KEY, author INTEGER REFERENCES author (id) ON DELETE CASCADE);
  INSERT INTO author VALUES (1, 'a'), (2, 'b');
  INSERT INTO book VALUES (1, 1), (2, 1), (3, 2)`

const rebuildAuthor = [
  'CREATE TABLE author_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL)',
  'INSERT INTO author_new (id, name) SELECT id, name FROM author',
  'DROP TABLE author',
  'ALTER TABLE author_new RENAME TO author',
]

describe.each(await installedDrivers())('a session through %s', driver => {
  async function open(path = newFile(), purpose: 'run' | 'read' | 'heartbeat' = 'run', more: object = {}) {
    return sqlite({ url: path, driver, ...more }).open({ purpose })
  }

  it('shows that the plain driver loses cascading children in a rebuild, whatever is set inside the transaction', async () => {
    const connection = (await chooseDriver(driver)).open({ path: newFile(), readOnly: false })
    connection.exec(`PRAGMA foreign_keys=ON; ${family}; BEGIN; PRAGMA foreign_keys=OFF`)
    for (const sql of rebuildAuthor) connection.exec(sql)
    connection.exec('COMMIT')
    expect(connection.all('SELECT count(*) AS n FROM book')).toEqual([{ n: 0 }])
    connection.close()
  })

  it('keeps cascading children when a table is rebuilt, and enforces foreign keys again afterwards', async () => {
    const session = await open()
    const sql = sqlOf(session)
    await sql.run(statements(family))
    await sql.run([rebuild, ...statements(...rebuildAuthor), commit])
    expect(await sql.query('SELECT count(*) AS n FROM book')).toEqual([{ n: 3 }])
    expect(await sql.query('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }])
    await expect(sql.run(statements('INSERT INTO book VALUES (9, 99)'))).rejects.toThrow('FOREIGN KEY')
    await session.close()
  })

  it('rolls back a rebuild that leaves rows without their parent, and names table, row and parent', async () => {
    const session = await open()
    const sql = sqlOf(session)
    await sql.run(statements(family))
    const bad = rebuildAuthor.map(text => text.replace('FROM author', 'FROM author WHERE id = 1'))
    const failure = await rejection(sql.run([rebuild, ...statements(...bad), commit]))
    expect(failure).toBeInstanceOf(BatchFailure)
    const { cause, index } = failure as BatchFailure
    expect(index).toBe(5)
    expect(isGodwitError(cause) && cause.code).toBe('RUN.FOREIGN_KEY_BROKEN')
    expect((cause as Error).message).toBe('1 row of book would be left without their row in author: rowid 3')
    expect(await sql.query('SELECT count(*) AS n FROM author')).toEqual([{ n: 2 }])
    expect(await sql.query('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }])
    await session.close()
  })

  it('accepts a rebuild where the rows without parent were there before', async () => {
    const session = await open()
    const sql = sqlOf(session)
    await sql.run(statements(`${family}; PRAGMA foreign_keys=OFF; INSERT INTO book VALUES (7, 70)`))
    await sql.run([{ kind: 'reset' }, rebuild, ...statements(...rebuildAuthor), commit])
    expect(await sql.query('SELECT count(*) AS n FROM book')).toEqual([{ n: 4 }])
    await session.close()
  })

  it('refuses a DROP TABLE that would take child rows with it where it was not told of a rebuild', async () => {
    const session = await open()
    const sql = sqlOf(session)
    await sql.run(statements(family))
    for (const items of [
      [begin, ...statements('DROP TABLE author')],
      statements('DROP TABLE IF EXISTS main."author"'),
    ]) {
      const failure = (await rejection(sql.run(items))) as BatchFailure
      expect(isGodwitError(failure.cause) && failure.cause.code).toBe('RUN.FOREIGN_KEY_BROKEN')
      await sql.rollback()
    }
    await expect(sql.query('DROP TABLE author')).rejects.toThrow('ON DELETE CASCADE')
    await expect(sql.run(statements('SELECT 1; DROP TABLE author'))).rejects.toThrow('ON DELETE CASCADE')
    expect(await sql.query('SELECT count(*) AS n FROM book')).toEqual([{ n: 3 }])
    await session.close()
  })

  it('refuses a rebuild where the pragma is ignored because a transaction is open already', async () => {
    const connection = (await chooseDriver(driver)).open({ path: newFile(), readOnly: false })
    connection.exec('PRAGMA foreign_keys=ON')
    const session = await sqlite({ database: connection.handle as object }).open({ purpose: 'run' })
    connection.exec('BEGIN')
    const failure = (await rejection(sqlOf(session).run([rebuild]))) as BatchFailure
    expect(isGodwitError(failure.cause) && failure.cause.code).toBe('RUN.FOREIGN_KEY_BROKEN')
    expect(connection.inTransaction).toBe(true)
    connection.close()
  })

  it('never rounds an integer and binds what JavaScript has', async () => {
    const sql = sqlOf(await open(':memory:'))
    expect(
      await sql.query('SELECT 9007199254740993 AS big, ? AS a, ? AS b, ? AS c, ? AS d, ? AS e', [
        true,
        null,
        -9007199254740993n,
        'é',
        new Uint8Array([0, 255]),
      ]),
    ).toMatchObject([{ big: 9007199254740993n, a: 1, b: null, c: -9007199254740993n, d: 'é' }])
    await expect(sql.query('SELECT ?', [{}])).rejects.toThrow('parameter 1 cannot be bound')
  })

  it('reports affected rows of data changes and undefined for the rest', async () => {
    const seen: (number | undefined)[] = []
    const sql = sqlOf(await open(':memory:'))
    await sql.run(
      statements(
        'CREATE TABLE a (x)',
        'INSERT INTO a VALUES (1), (2)',
        'UPDATE a SET x = 3 WHERE x = 9',
        'DELETE FROM a',
      ),
      { done: (_, affected) => seen.push(affected) },
    )
    expect(seen).toEqual([undefined, 2, 0, 2])
  })

  it('names the failed item and the offset of the fault, and rolls back cleanly', async () => {
    const session = await open()
    const sql = sqlOf(session)
    const failure = (await rejection(
      sql.run([begin, ...statements('CREATE TABLE a (x)', 'CREATE TABEL b (x)'), commit]),
    )) as BatchFailure
    expect([failure.index, failure.offset]).toEqual([2, 7])
    await sql.rollback()
    await sql.rollback()
    expect(await sql.query("SELECT name FROM sqlite_schema WHERE name = 'a'")).toEqual([])
    await session.close()
    await session.close()
    await sql.rollback()
  })

  it('runs every statement of a query text and returns the rows of the last', async () => {
    const sql = sqlOf(await open(':memory:'))
    expect(await sql.query('CREATE TABLE a (x); INSERT INTO a VALUES (1); SELECT x FROM a')).toEqual([{ x: 1 }])
  })

  it('fails when a statement ends the transaction of its revision', async () => {
    const sql = sqlOf(await open())
    const failure = (await rejection(
      sql.run([begin, ...statements('CREATE TABLE a (x); COMMIT', 'CREATE TABLE b (x)')]),
    )) as BatchFailure
    expect(isGodwitError(failure.cause) && failure.cause.code).toBe('SQL.TRANSACTION_INSIDE')
    expect(failure.index).toBe(1)
  })

  it('puts connection pragmas back on reset and leaves those of the file', async () => {
    const sql = sqlOf(await open())
    await sql.run([
      ...statements('PRAGMA foreign_keys = OFF', 'PRAGMA legacy_alter_table(ON)', 'PRAGMA user_version = 7'),
      { kind: 'reset' },
    ])
    expect(await sql.queryAll(['PRAGMA foreign_keys', 'PRAGMA legacy_alter_table', 'PRAGMA user_version'])).toEqual([
      [{ foreign_keys: 1 }],
      [{ legacy_alter_table: 0 }],
      [{ user_version: 7 }],
    ])
  })

  it('gives up on a locked database after the time allowed, without blocking the process meanwhile', async () => {
    const path = newFile()
    const holder = await open(path)
    await sqlOf(holder).run([begin, ...statements('CREATE TABLE a (x)')])
    const second = sqlite({ url: path, driver, journalMode: 'keep', busyTimeoutMs: 150 })
    const waiting = await second.open({ purpose: 'run' })
    let turns = 0
    const timer = setInterval(() => turns++, 10)
    const error = await rejection(sqlOf(waiting).run([begin]))
    clearInterval(timer)
    expect(second.mapError(error).code).toBe('RUN.LOCK_TIMEOUT')
    expect(turns).toBeGreaterThan(0)
    await sqlOf(holder).rollback()
    await sqlOf(waiting).run([{ kind: 'begin', settings: { lockTimeoutMs: 20 } }, commit])
    expect(await sqlOf(waiting).query('PRAGMA busy_timeout')).toEqual([{ timeout: 150 }])
    await holder.close()
    await waiting.close()
  })

  it('uses WAL unless told to keep the mode, and leaves nothing in the WAL file', async () => {
    const path = newFile()
    const kept = await open(path, 'run', { journalMode: 'keep' })
    await sqlOf(kept).run(statements('CREATE TABLE a (x)'))
    expect(await sqlOf(kept).query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'delete' }])
    await kept.close()
    const session = await open(path)
    await sqlOf(session).run(statements('INSERT INTO a VALUES (1)', 'UPDATE a SET x = 2'))
    expect(await sqlOf(session).query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }])
    await session.close()
    expect(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0)
  })

  it('reads a missing file as an empty database without making it', async () => {
    const path = newFile()
    const dialect = sqlite({ url: path, driver })
    const session = await dialect.open({ purpose: 'read' })
    expect((await dialect.journal.read(session)).initialised).toBe(false)
    await session.close()
    expect(existsSync(path)).toBe(false)
  })

  it('cannot write through a session for reading', async () => {
    const path = newFile()
    await (await open(path)).close()
    const session = await open(path, 'read')
    await expect(sqlOf(session).query('CREATE TABLE a (x)')).rejects.toThrow('readonly')
    await session.close()
  })

  it('says why a file cannot be opened', async () => {
    const path = newFile()
    writeFileSync(path, 'this is a text file and no database at all '.repeat(50))
    const folder = newFile()
    mkdirSync(folder)
    const cases = [
      [path, 'file is not a database', 'not a SQLite database'],
      [`${newFile()}/x.db`, 'cannot be opened', 'does not exist'],
      [folder, 'cannot be opened', 'It is a folder'],
    ]
    for (const [url, message, why] of cases) {
      const error = await rejection(open(url))
      expect(error).toMatchObject({ code: 'CONNECT.FILE_INVALID', message: expect.stringContaining(message ?? '?') })
      expect(error).toMatchObject({ why: expect.stringContaining(why ?? '?') })
    }
  })

  it('refuses to run on a database that is asked for as read-only', async () => {
    const path = newFile()
    await (await open(path)).close()
    expect(await rejection(open(`file:${path}?mode=ro`))).toMatchObject({ code: 'CONNECT.READ_ONLY' })
    const session = await open(`file:${path}?mode=ro`, 'read')
    expect(await sqlOf(session).query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    await session.close()
  })

  it('puts the pragmas of a live database back and leaves it open', async () => {
    const connection = (await chooseDriver(driver)).open({ path: newFile(), readOnly: false })
    connection.exec('PRAGMA foreign_keys=OFF; PRAGMA busy_timeout=77; PRAGMA synchronous=OFF')
    const session = await sqlite({ database: connection.handle as object }).open({ purpose: 'run' })
    expect(connection.all('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }])
    await session.close()
    expect(connection.all('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 0 }])
    expect(connection.all('PRAGMA busy_timeout')).toEqual([{ timeout: 77 }])
    expect(connection.all('PRAGMA synchronous')).toEqual([{ synchronous: 0 }])
    connection.close()
  })

  it('keeps one database in memory for all sessions of a dialect', async () => {
    const dialect = sqlite({ url: ':memory:', driver })
    const first = await dialect.open({ purpose: 'run' })
    await sqlOf(first).run(statements('CREATE TABLE a (x)'))
    await first.close()
    const second = await dialect.open({ purpose: 'read' })
    expect(await sqlOf(second).query('SELECT * FROM a')).toEqual([])
    const scratch = await dialect.scratch?.()
    const empty = await scratch?.dialect.open({ purpose: 'run' })
    expect(empty && (await sqlOf(empty).query('SELECT name FROM sqlite_schema'))).toEqual([])
    await scratch?.dispose()
  })
})

it('refuses something that is no database', async () => {
  expect(await rejection(sqlite({ database: {} }).open({ purpose: 'run' }))).toMatchObject({
    code: 'CONFIG.FILE_INVALID',
  })
})
