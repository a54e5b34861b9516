import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeChecksum, type LexicalRules, normalizeSql, sha256, sqlChecksum } from './checksum.ts'

const none: LexicalRules = {
  hashComments: false,
  dashNeedsSpace: false,
  nestedComments: false,
  dollarQuotes: false,
  backslashEscapes: false,
  escapeStrings: false,
  versionedComments: false,
  backticks: false,
  brackets: false,
}
const postgres: LexicalRules = { ...none, nestedComments: true, dollarQuotes: true, escapeStrings: true }
const mysql: LexicalRules = {
  ...none,
  hashComments: true,
  dashNeedsSpace: true,
  backslashEscapes: true,
  versionedComments: true,
  backticks: true,
}
const sqlite: LexicalRules = { ...none, backticks: true, brackets: true }

const normal: [string, LexicalRules, string, string][] = [
  ['line comments', postgres, 'SELECT 1; -- one\n--two', 'SELECT 1 ;'],
  ['a comment in place of a blank', postgres, 'SELECT/**/1', 'SELECT 1'],
  ['the absence of blanks', postgres, 'f(a,b)', 'f ( a , b )'],
  ['nested comments', postgres, 'a /* x /* y */ z */ b', 'a b'],
  ['comments that do not nest', sqlite, 'a /* x /* y */ b', 'a b'],
  ['a comment without end', postgres, 'a /* b', 'a'],
  ['BOM and blank lines', postgres, '\uFEFF\r\n\r\n  a\r\n\tb  \r\n', 'a b'],
  ['a BOM-like start that is none', postgres, '\u00EFa', '\u00EFa'],
  ['lone carriage returns', postgres, 'a -- x\rb', 'a b'],
  ['strings as they are', postgres, "'a  --b' 'it''s /* */'", "'a  --b' 'it''s /* */'"],
  ['backslashes as plain characters', postgres, "'a\\' -- b", "'a\\'"],
  ['backslashes in escape strings', postgres, "E'a\\' -- b' x", "E'a\\' -- b' x"],
  ['backslashes in MySQL strings', mysql, `'a\\' -- b' "c\\" # d" x`, `'a\\' -- b' "c\\" # d" x`],
  ['an escape string where there are none', sqlite, "e'a\\' -- b", "e'a\\'"],
  ['other string prefixes', postgres, "N'a' x'1F' B'01' U&'d\\0061' u&\"x\"", "N'a' x'1F' B'01' U&'d\\0061' u&\"x\""],
  ['a prefix apart from its string', postgres, "E 'a'", "E 'a'"],
  ['u without a quote', postgres, 'u&1', 'u & 1'],
  ['dollar quotes', postgres, '$$ a -- b\n $x$ $$ c $t$ $$ $t$', '$$ a -- b\n $x$ $$ c $t$ $$ $t$'],
  ['a dollar quote without end', postgres, 'a $x$ b  c', 'a $x$ b  c'],
  ['parameters', postgres, 'a=$1 AND b=$2', 'a = $1 AND b = $2'],
  ['dollars in names', postgres, 'a$b$c -- $b$', 'a$b$c'],
  ['dollars where they quote nothing', sqlite, '$$ a -- b', '$$ a'],
  ['hash comments', mysql, 'a # b\nc', 'a c'],
  ['hash operators', postgres, 'a #> b #- c', 'a #> b #- c'],
  ['dashes that need a blank', mysql, 'a--1 --\tx\nb--', 'a - - 1 b'],
  [
    'versioned comments',
    mysql,
    'a /*!40101 SET  x */ b /*M!100 y  */ /*+ HINT  */ /*x*/',
    'a /*!40101 SET  x */ b /*M!100 y  */ /*+ HINT  */',
  ],
  ['versioned comments where there are none', postgres, 'a /*! b */ c /*+ d */', 'a c'],
  ['backticks', mysql, '`a``  b` x', '`a``  b` x'],
  ['backticks as operators', postgres, 'a ` b', 'a ` b'],
  ['backticks after operators', mysql, 'a=`b`', 'a = `b`'],
  ['brackets', sqlite, '[a  -- b] [x', '[a  -- b] [x'],
  ['brackets of arrays', postgres, 'a[1 : 2]', 'a [ 1 : 2 ]'],
  ['numbers', postgres, '1.5e-3+.5e+2-1e', '1.5e-3 + .5e+2 - 1e'],
  ['a sign after an operator', postgres, 'a=-1 AND b<-2', 'a = - 1 AND b < - 2'],
  ['operators that end in a sign', postgres, 'a@-b', 'a @- b'],
  ['operators of one sign', postgres, 'a--b', 'a'],
  ['operators cut by comments', postgres, 'a*/* x */b+--c', 'a * b +'],
  ['operators before versioned comments', mysql, 'a=/*! 1 */', 'a = /*! 1 */'],
  ['operators before hash comments', mysql, 'a=#x\n1', 'a = 1'],
  ['variables', mysql, 'SET @a=@b:=@@c', 'SET @a = @b := @@c'],
  ['at signs of PostgreSQL', postgres, 'a@>b', 'a @> b'],
  ['a slash alone', postgres, 'a/b', 'a / b'],
  ['a colon pair', postgres, 'a::int', 'a :: int'],
  ['other characters', postgres, 'a\\b', 'a \\ b'],
  ['non-ASCII names', postgres, 'größe=1', 'größe = 1'],
  ['a string without end', postgres, "a 'b  ", "a 'b  "],
  ['nothing', postgres, ' -- x', ''],
]

describe('normalizeSql', () => {
  it.each(normal)('reads %s', (_, rules, text, expected) => {
    expect(normalizeSql(text, rules)).toBe(expected)
  })

  it('is what sqlChecksum sums', () => {
    for (const [, rules, text, expected] of normal) expect(sqlChecksum(text, rules)).toBe(sha256(expected))
  })

  it('holds texts larger than its buffer', () => {
    const long = `'${'x'.repeat(200_000)}'`
    const many = 'some_longer_name_than_usual , '.repeat(20_000)
    expect(normalizeSql(`${long} -- c\n${many}`, postgres)).toBe(`${long} ${many.trim()}`)
  })

  it('takes a checkout with other line ends for the same text, inside strings and function bodies too', () => {
    expect(sqlChecksum("SELECT 'a\nb'", postgres)).toBe(sqlChecksum("SELECT 'a\r\nb'", postgres))
    expect(sqlChecksum("SELECT 'a\nb'", postgres)).not.toBe(sqlChecksum("SELECT 'a b'", postgres))
  })
})

const dialects = { postgres, mysql, sqlite }
const shared = [
  'SELECT',
  'größe',
  'a1',
  '"q  n"',
  "'s -- t'",
  "'it''s'",
  '1.5',
  '1e-5',
  '(',
  ')',
  ',',
  ';',
  '=',
  '<>',
  '||',
  '.',
  'E',
  '*',
  '-',
]
const tokens: Record<string, string[]> = {
  postgres: [...shared, '$$ a\n -- b $$', '$f$ x $f$', "E'\\''", '$1', '::', '@>', '[', ']'],
  mysql: [...shared, '`b  q`', "'\\''", '/*!40000 x */', '/*+ y */', '@v', ':='],
  sqlite: [...shared, '`b`', '[b  q]', ':p', '?1'],
}
const blanks: Record<string, string[]> = {
  postgres: ['\n', '\r\n', '\t', '\n\n  \n', ' -- c\n', '/* c */', '/* a /* b */ c */', ' --\r\n'],
  mysql: ['\n', '\r\n', '\t', ' -- c\n', '# c\r\n', '/* c */', ' --\n'],
  sqlite: ['\n', '\r\n', '\t', ' -- c\n', '/* c /* */', '\f'],
}

describe('sqlChecksum over random texts', () => {
  for (const [name, rules] of Object.entries(dialects)) {
    const token = fc.constantFrom(...(tokens[name] as string[]))
    const blank = fc
      .array(fc.constantFrom(...(blanks[name] as string[])), { minLength: 1, maxLength: 3 })
      .map(list => list.join(''))

    it(`does not see comments and line ends between tokens (${name})`, () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(token, blank), { maxLength: 20 }), fc.boolean(), (pairs, bom) => {
          const plain = pairs.map(([text]) => text).join(' ')
          const dressed =
            (bom ? '\uFEFF' : '') + pairs.map(([text, between]) => `${between}${text}`).join('') + (pairs[0]?.[1] ?? '')
          expect(sqlChecksum(dressed, rules)).toBe(sqlChecksum(plain, rules))
        }),
      )
    })

    it(`sees every change of a string literal (${name})`, () => {
      const inside = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\r', '-', '/', '*', '#', 'ö', ';') })
      fc.assert(
        fc.property(inside, inside, fc.array(token, { maxLength: 5 }), (a, b, rest) => {
          fc.pre(a !== b)
          const around = (text: string) => `INSERT INTO t VALUES ('${text}') ${rest.join(' ')}`
          expect(sqlChecksum(around(a), rules)).not.toBe(sqlChecksum(around(b), rules))
        }),
      )
    })

    it(`is stable under normalising twice (${name})`, () => {
      fc.assert(
        fc.property(fc.array(token, { maxLength: 20 }), list => {
          const once = normalizeSql(list.join(' '), rules)
          expect(normalizeSql(once, rules)).toBe(once)
        }),
      )
    })
  }
})

describe('codeChecksum', () => {
  it('does not see BOM, line ends, trailing blanks and blank lines', () => {
    expect(codeChecksum('\uFEFFa  \r\n\r\n\t\r\n  b\t\r')).toBe(codeChecksum('a\n  b'))
  })

  it('sees comments and indentation', () => {
    expect(codeChecksum('a // x')).not.toBe(codeChecksum('a'))
    expect(codeChecksum(' a')).not.toBe(codeChecksum('a'))
  })
})

describe('speed', () => {
  it('sums 5,000 small files and one of 50 MB without delay', () => {
    const small = Array.from(
      { length: 5000 },
      (_, n) => `-- revision ${n}\nCREATE TABLE t${n} (id bigint PRIMARY KEY, name text NOT NULL DEFAULT 'x');\n`,
    )
    for (const text of small.slice(0, 500)) sqlChecksum(text, postgres)
    const began = performance.now()
    for (const text of small) sqlChecksum(text, postgres)
    const many = performance.now() - began
    const large = "INSERT INTO t VALUES (1, 'some text that is longer', 2.5); -- c\n".repeat(800_000)
    const beganLarge = performance.now()
    sqlChecksum(large, postgres)
    const one = performance.now() - beganLarge
    // Bounds for a busy machine that measures coverage; about 20 ms and 400 ms otherwise.
    expect(many).toBeLessThan(2000)
    expect(one).toBeLessThan(20_000)
  }, 30_000)
})
