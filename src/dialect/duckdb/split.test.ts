// Cutting DuckDB text into statements, and telling what they are.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SplitFailure } from '../split.ts'
import { classify } from './classify.ts'
import { rejection } from './duckdb.fixture.ts'
import { caretOffset } from './error.ts'
import { cut } from './lex.ts'
import { PARSE_LIMIT, splitDuckdb } from './split.ts'

const texts = async (text: string) => (await splitDuckdb(text)).map(statement => statement.text)

describe('split', () => {
  it('cuts at semicolons outside strings, names and comments', async () => {
    const parts = [
      "CREATE TABLE a (x TEXT DEFAULT 'a;''b', \"y;z\" INT)",
      "SELECT e'a\\';b', $$ ; ' $$, $q$ ;$$; $q$, 'c\\'",
      'SELECT 1 /* a /* b; */ ; */ + 1',
      "SELECT [1, 2][1], {'k;': 1}, list_transform([1], lambda x: x + 1), 7 // 2",
    ]
    const text = `\uFEFF-- first; one\n${parts.join('; -- x;\n')};;\n`
    const found = await splitDuckdb(text)
    expect(found.map(statement => statement.text)).toEqual(parts)
    for (const { text: own, offset } of found) expect(text.slice(offset, offset + own.length)).toBe(own)
  })

  it('accepts PIVOT, which the parser counts as two, and transaction control, which the engine refuses', async () => {
    expect(await texts('PIVOT a ON y USING sum(x); SELECT 1')).toHaveLength(2)
    expect((await splitDuckdb('BEGIN; SAVEPOINT x; SELECT 1')).map(({ class: own }) => own.kind)).toEqual([
      'control',
      'control',
      'query',
    ])
  })

  it('finds nothing in blanks, comments and lone semicolons', async () => {
    expect(await texts('')).toEqual([])
    expect(await texts(' ;; -- x\n /* y */ ;')).toEqual([])
  })

  it.each([
    ['SELECT 1;\nCREATE TABEL b (x INT);', 17, 'syntax error at or near "TABEL"'],
    ["SELECT 'é😀';\n\tSELECT 'é😀', 3 x qqq;", 33, 'at or near "qqq"'],
    [`SELECT ${'1 + '.repeat(200)}selec x y z`, 807 + 8, 'syntax error'],
    ["SELECT 1; SELECT 'x", 17, "' is not closed"],
    ['SELECT 1; SELECT $a$ x', 17, '$a$ is not closed'],
    ['SELECT 1 /* x', 9, '/* is not closed'],
  ])('refuses %s', async (text, offset, message) => {
    const error = (await rejection(splitDuckdb(text))) as SplitFailure
    expect(error).toBeInstanceOf(SplitFailure)
    expect(error.code).toBe('SQL.SYNTAX_INVALID')
    expect(error.message).toContain(message)
    expect(error.offset).toBe(offset)
  })

  it('refuses commands of the shell', async () => {
    const error = (await rejection(splitDuckdb("SELECT 1;\n.print it's\nSELECT 2;"))) as SplitFailure
    expect([error.code, error.offset]).toEqual(['SQL.CLIENT_COMMAND', 10])
  })

  it('cuts a text above the parser limit exactly', async () => {
    const line = "INSERT INTO a VALUES (1, 'hello; world', 2.5);\n"
    const count = Math.ceil((PARSE_LIMIT * 1.5) / line.length)
    expect((await splitDuckdb(line.repeat(count))).length).toBe(count)
  })

  it('gives back any statements that were joined', () => {
    const piece = fc.constantFrom(
      "SELECT 'a;''b'",
      "SELECT E'a;\\'b'",
      'SELECT "x;y"',
      'SELECT $$a;b$$',
      'SELECT $t$ $$; $t$',
      'SELECT 1 -- c;\n + $1',
      'SELECT /* ; /* ; */ */ 3',
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

it.each([
  ['create or replace table a (x int)', 'CREATE TABLE', 'ddl', true, false],
  ['CREATE UNIQUE INDEX i ON a (x)', 'CREATE UNIQUE INDEX', 'ddl', true, false],
  ['DROP TABLE a', 'DROP TABLE', 'ddl', true, true],
  ['with x as (select 1) insert into a select * from x', 'WITH INSERT', 'dml', true, false],
  ['FROM a', 'FROM', 'query', true, false],
  ['CHECKPOINT', 'CHECKPOINT', 'other', false, false],
  ['force checkpoint', 'FORCE CHECKPOINT', 'other', false, false],
  ['DETACH x', 'DETACH', 'session', false, false],
  ["ATTACH 'x'", 'ATTACH', 'session', true, false],
  ['VACUUM', 'VACUUM', 'other', true, false],
  ['start transaction', 'START', 'control', false, false],
])('classifies %s', (text, command, kind, transactional, rebuildsTable) => {
  expect(classify(text)).toEqual({ command, kind, transactional, rebuildsTable })
})

it('finds no offset where DuckDB shows no caret', () => {
  expect(caretOffset('SELECT 1', 'Constraint Error: x')).toBeUndefined()
  expect(caretOffset('SELECT 1', 'x\n\nLINE 9: y\n   ^')).toBeUndefined()
})
