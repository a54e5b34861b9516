// Cutting SQLite text into statements, and telling what they are.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SplitFailure } from '../split.ts'
import { classify, dropped, renamedTable } from './classify.ts'
import { faultOffset } from './error.ts'
import { sqlite } from './index.ts'
import { cut } from './lex.ts'
import { PARSE_LIMIT } from './split.ts'
import { rejection } from './sqlite.fixture.ts'

const split = async (text: string) => {
  const { sql } = sqlite(':memory:')
  if (sql === undefined) throw new Error('no SQL')
  return sql.split(text)
}

const texts = async (text: string) => (await split(text)).map(statement => statement.text)

describe('split', () => {
  it('cuts at semicolons outside strings, names and comments, and trims comments around', async () => {
    const text = `\uFEFF-- first; one
      CREATE TABLE a (x TEXT DEFAULT 'a;b''c', "y;z" INT, [q;r] INT, \`s;t\` INT); /* ; */ -- ;
      INSERT INTO a (x) VALUES ('é;😀') -- last;
      ;;
      SELECT 1 /* open`
    const found = await split(text)
    expect(found.map(statement => statement.text)).toEqual([
      `CREATE TABLE a (x TEXT DEFAULT 'a;b''c', "y;z" INT, [q;r] INT, \`s;t\` INT)`,
      "INSERT INTO a (x) VALUES ('é;😀')",
      'SELECT 1',
    ])
    for (const { text: own, offset } of found) expect(text.slice(offset, offset + own.length)).toBe(own)
  })

  it('keeps trigger bodies with CASE whole', async () => {
    const trigger =
      'CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM a WHERE x = 1; END'
    expect(await texts(`${trigger};\nSELECT 2;`)).toEqual([trigger, 'SELECT 2'])
    expect(await texts(`EXPLAIN ${trigger}; SELECT 2`)).toEqual([`EXPLAIN ${trigger}`, 'SELECT 2'])
  })

  it('finds nothing in blanks, comments and lone semicolons', async () => {
    expect(await texts('')).toEqual([])
    expect(await texts(' ;; -- x\n /* y */ ;')).toEqual([])
  })

  it('refuses broken grammar at its offset', async () => {
    const error = (await rejection(split('SELECT 1;\nCREATE TABEL b (x);'))) as SplitFailure
    expect([error.code, error.offset]).toEqual(['SQL.SYNTAX_INVALID', 17])
    expect(error.message).toContain('near "TABEL": syntax error')
    const open = (await rejection(split("SELECT 1; SELECT 'x"))) as SplitFailure
    expect([open.code, open.offset]).toEqual(['SQL.SYNTAX_INVALID', 17])
    const unfinished = (await rejection(split('SELECT 1; SELECT (2'))) as SplitFailure
    expect(unfinished.code).toBe('SQL.SYNTAX_INVALID')
  })

  it('lets the engine decide where the parser does not know the grammar', async () => {
    const { sql } = sqlite({ url: ':memory:', driver: 'libsql' })
    // libSQL's own extension of ALTER TABLE, after which the rest is still checked.
    const extension = 'ALTER TABLE a ALTER COLUMN x TO x TEXT NOT NULL'
    expect((await sql?.split(`${extension}; SELECT 2`))?.map(({ text }) => text)).toEqual([extension, 'SELECT 2'])
    await expect(sql?.split(`${extension}; SELEC 2`)).rejects.toThrow('near "SELEC": syntax error')
  })

  it('refuses commands of the shell', async () => {
    const error = (await rejection(split("SELECT 1;\n.print it's\nSELECT 2;"))) as SplitFailure
    expect([error.code, error.offset]).toEqual(['SQL.CLIENT_COMMAND', 10])
    expect(error.message).toContain('.print')
  })

  it('cuts a text above the parser limit exactly, and fast', async () => {
    const line = "INSERT INTO a VALUES (1, 'hello; world', 2.5);\n"
    const count = Math.ceil((PARSE_LIMIT * 4) / line.length)
    expect((await split(line.repeat(count))).length).toBe(count)
  })

  it('gives back any statements that were joined', async () => {
    const piece = fc.constantFrom(
      "SELECT 'a;''b'",
      'SELECT "x;y"',
      'SELECT [a;b] FROM t',
      'CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END',
      'SELECT 1 -- c;\n + 2',
      'SELECT /* ; */ 3',
    )
    const glue = fc.constantFrom(';', ' ;\n', '; -- x;\n', ';;', '; /* ; */ ')
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, glue), { maxLength: 12 }), parts => {
        const text = parts.map(([own, end]) => own + end).join('')
        expect(cut(text).pieces.map(({ start, end }) => text.slice(start, end))).toEqual(parts.map(([own]) => own))
      }),
    )
  })
})

describe('classify', () => {
  it.each([
    ['create unique index i on a (x)', 'CREATE UNIQUE INDEX', 'ddl', true, false],
    ['DROP TABLE IF EXISTS a', 'DROP TABLE', 'ddl', true, true],
    ['alter table a rename to b', 'ALTER TABLE', 'ddl', true, false],
    ['with x as (select 1) insert into a select * from x', 'WITH INSERT', 'dml', true, false],
    ['with x as (delete) select 1', 'WITH SELECT', 'query', true, false],
    ['/* x */ commit', 'COMMIT', 'control', false, false],
    ['savepoint s', 'SAVEPOINT', 'control', false, false],
    ['PRAGMA foreign_keys=OFF', 'PRAGMA foreign_keys', 'session', true, false],
    ['PRAGMA journal_mode = WAL', 'PRAGMA journal_mode', 'session', false, false],
    ['PRAGMA main.journal_mode', 'PRAGMA journal_mode', 'session', true, false],
    ['VACUUM', 'VACUUM', 'other', false, false],
    ["ATTACH 'x' AS y", 'ATTACH', 'session', false, false],
  ])('%s', (text, command, kind, transactional, rebuildsTable) => {
    expect(classify(text)).toEqual({ command, kind, transactional, rebuildsTable })
  })

  it('reads the name of what is dropped or renamed', () => {
    expect(dropped('DROP TABLE IF EXISTS "a ""b"')).toEqual({ type: 'table', schema: undefined, table: 'a "b' })
    expect(dropped('drop table main.[x]')).toEqual({ type: 'table', schema: 'main', table: 'x' })
    expect(dropped('DROP /* a */ INDEX temp.x')).toEqual({ type: 'index', schema: 'temp', table: 'x' })
    expect(dropped('DELETE FROM x')).toBeUndefined()
    expect(renamedTable('ALTER TABLE a RENAME TO b')).toEqual({ schema: undefined, table: 'a' })
    expect(renamedTable('alter table "main" . `a` rename to b')).toEqual({ schema: 'main', table: 'a' })
    expect(renamedTable('ALTER TABLE a RENAME COLUMN x TO y')).toBeUndefined()
    expect(renamedTable('ALTER TABLE a RENAME x TO y')).toBeUndefined()
  })
})

describe('faultOffset', () => {
  it.each([
    ['SELECT * FORM a', 'near "a": syntax error', 14],
    ['SELECT * FROM nope', 'no such table: main.nope', 14],
    ['SELECT a, a FROM b', 'no such column: a', undefined],
    ['CREATE TABLE "a" (x)', 'table "a" already exists', 13],
    ['SELECT (1', 'incomplete input', 9],
    ['SELECT 1', 'something else', undefined],
  ])('%s: %s', (sql, message, offset) => {
    expect(faultOffset(sql, message)).toBe(offset)
  })
})
