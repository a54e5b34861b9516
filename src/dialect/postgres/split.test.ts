import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SplitFailure } from '../split.ts'
import { countStatements } from './lex.ts'
import { split, utf16Offset } from './split.ts'

async function texts(sql: string): Promise<string[]> {
  const statements = await split(sql)
  for (const statement of statements) {
    expect(sql.slice(statement.offset, statement.offset + statement.text.length)).toBe(statement.text)
  }
  return statements.map(statement => statement.text)
}

async function failure(sql: string): Promise<SplitFailure> {
  try {
    await split(sql)
  } catch (error) {
    if (error instanceof SplitFailure) return error
    throw error
  }
  throw new Error(`was cut: ${sql}`)
}

describe('split', () => {
  it('gives nothing for blanks, comments and lone semicolons', async () => {
    for (const sql of ['', ' \n\t', '-- only', '/* a /* nested */ b */', ';;; -- x\n;'])
      expect(await texts(sql)).toEqual([])
  })

  it('leaves out delimiters and the comments around statements, and keeps those inside', async () => {
    expect(await texts('-- a\n select 1 /* in */ + 2 -- b\n ; /* c */ select 3; -- d')).toEqual([
      'select 1 /* in */ + 2',
      'select 3',
    ])
  })

  it.each([
    ["select 'a;''b'", 'doubled quotes'],
    ["select E'a\\';b'", 'escape strings'],
    ["select e'\\\\'", 'an escaped backslash at the end'],
    ["select 'a\\'", 'a backslash in a plain string'],
    ['select "a;""b" from t', 'quoted names'],
    ['select $$a;b$$', 'dollar quotes'],
    ['select $x$ a;$$;$y$ $x$', 'tagged dollar quotes'],
    ['select a$1$b, c from t', 'dollars inside names'],
    ["select U&'\\0061;'", 'unicode strings'],
    ['select 1 /* ; /* ; */ ; */ + 1', 'nested comments'],
    ['create rule r as on insert to t do also (delete from a; delete from b)', 'a rule of two statements'],
    ['create function f() returns int begin atomic select 1; select case when true then 2 end; end', 'BEGIN ATOMIC'],
    ['create or replace procedure p() begin atomic insert into t values (1); end', 'a procedure'],
    ['create function begin() returns int language sql as $$ select 1; $$', 'a function named begin'],
    [
      'create function f() returns int begin atomic select 1 as end; select 2; end',
      'a column named end, which only the parser knows',
    ],
  ])('keeps %s whole: %s', async sql => {
    expect(await texts(`select 0; ${sql}; select 9`)).toEqual(['select 0', sql, 'select 9'])
    expect(await texts(`-- first\n${sql}`)).toEqual([sql])
  })

  it('cuts exactly behind characters of every UTF-8 length', async () => {
    expect(await texts("select 'é'; select '漢'; select '𝄞🎼'; select 'a' /* ß */;select 5")).toEqual([
      "select 'é'",
      "select '漢'",
      "select '𝄞🎼'",
      "select 'a'",
      'select 5',
    ])
  })

  it('places a syntax error by UTF-16 offset', async () => {
    const sql = "select 'é漢𝄞'; selec 2"
    const found = await failure(sql)
    expect(found.code).toBe('SQL.SYNTAX_INVALID')
    expect(found.offset).toBe(sql.indexOf('selec 2'))
  })

  it('places an error in a later piece of a long text', async () => {
    const sql = `${"select 'ü';\n".repeat(60_000)}selec 1;\nselect 2`
    expect((await failure(sql)).offset).toBe(sql.indexOf('selec 1'))
  })

  it.each(["select 'abc", 'select "abc', 'select $$abc', 'select 1 /* abc', "select E'a\\'"])(
    'refuses what never ends: %s',
    async sql => {
      expect((await failure(`select 1; ${sql}`)).code).toBe('SQL.SYNTAX_INVALID')
    },
  )

  it('refuses NUL', async () => {
    expect(await failure('select 1;\0')).toMatchObject({ code: 'SQL.SYNTAX_INVALID', offset: 9 })
  })

  it.each([
    ['\\connect other', '\\connect'],
    ['select 1;\n\\restrict abc', '\\restrict'],
    ['select 1 \\gset', '\\gset'],
    ['\\i file.sql', '\\i'],
    ['\\! ls', '\\!'],
  ])('names the psql command in %j', async (sql, command) => {
    const found = await failure(sql)
    expect(found.code).toBe('SQL.CLIENT_COMMAND')
    expect(found.message).toContain(`${command} `)
    expect(found.offset).toBe(sql.indexOf('\\'))
  })

  it('lets backslashes be inside quotes', async () => {
    expect(await texts("select '\\connect'; select $$\n\\set$$")).toHaveLength(2)
  })

  it('refuses COPY data before it stumbles over the rows', async () => {
    const found = await failure("select 1;\nCOPY public.t (a, b) FROM stdin;\n1\tit's\n\\.\n")
    expect(found).toMatchObject({ code: 'SQL.COPY_DATA', offset: 10 })
    expect(found.next.join()).toContain('INSERT')
  })

  it('allows COPY from a file and to the client', async () => {
    expect(await texts("copy t from '/x from stdin'; copy (select 1) to stdout")).toHaveLength(2)
  })

  it('does not parse the data statements of a very large text, and still cuts them', async () => {
    const row = "insert into t values (1, 'a;b'); "
    const statements = await split(`${row.repeat(130_000)}create index concurrently i on t (a)`)
    expect(statements).toHaveLength(130_001)
    expect(statements[0]?.class).toMatchObject({ command: 'INSERT', kind: 'dml', transactional: true })
    expect(statements.at(-1)?.class.transactional).toBe(false)
  })

  it('takes a statement larger than the parser bears', async () => {
    const [statement] = await split(`insert into t values ${"('x;y'),".repeat(300_000)}('z');`)
    expect(statement?.text.endsWith("('z')")).toBe(true)
    expect(statement?.class.kind).toBe('dml')
  })

  it('joins and cuts any mixture of statements back into the same ones', async () => {
    const statement = fc.constantFrom(
      'select 1',
      "insert into t values ('a;b', E'\\';', $q$;$q$)",
      'create table "x;y" (a int /* ; */)',
      "select '𝄞;', U&'\\0061'",
      'do $$ begin perform 1; end $$',
      'create function f() returns int begin atomic select 1; end',
    )
    const gap = fc.constantFrom(';', ' ;\n', '; -- c;\n', ' /* ; */; ', ';;\r\n\t', "; -- it's\n")
    const seed = Date.now()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(statement, gap), { minLength: 1, maxLength: 8 }), async list => {
        const sql = list.map(([text, separator]) => text + separator).join('')
        expect(await texts(sql)).toEqual(list.map(([text]) => text))
        expect(countStatements(sql)).toBe(list.length)
      }),
      { seed, numRuns: 150 },
    )
  })
})

describe('utf16Offset', () => {
  it('counts characters beyond the basic plane as one', () => {
    expect(utf16Offset('a𝄞b', 2)).toBe(3)
    expect(utf16Offset('aéb', 2)).toBe(2)
    expect(utf16Offset('a', 9)).toBe(1)
  })
})
