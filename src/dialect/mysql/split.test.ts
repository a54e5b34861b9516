import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SplitFailure } from '../split.ts'
import { cut, split } from './split.ts'

const texts = (text: string): string[] => cut(text).map(({ start, end }) => text.slice(start, end))

function failure(text: string): SplitFailure {
  try {
    cut(text)
  } catch (error) {
    if (error instanceof SplitFailure) return error
    throw error
  }
  throw new Error('it was cut')
}

describe('ordinary statements', () => {
  it('cuts at semicolons and drops blanks, comments and empty statements around them', () => {
    expect(texts(';;\n -- a\nSELECT 1 ; # b; c\n/* d; */ SELECT 2 /* e */;\n;SELECT 3 -- f;')).toEqual([
      'SELECT 1',
      'SELECT 2',
      'SELECT 3',
    ])
    expect(texts('')).toEqual([])
    expect(texts('\uFEFF-- only a comment')).toEqual([])
  })

  it('tells the offset of each statement in UTF-16 units', async () => {
    const text = "-- 😀\nSELECT '😀;' ;\n SELECT 2"
    const found = await split(text)
    expect(found.map(statement => text.slice(statement.offset, statement.offset + statement.text.length))).toEqual([
      "SELECT '😀;'",
      'SELECT 2',
    ])
  })

  it('does not cut inside strings and quoted names', () => {
    for (const quoted of [
      "'a;b'",
      "'a''; b'",
      "'a\\';b'",
      '"a;\\";b"',
      '"a"";b"',
      '`a;``;b`',
      "'\\\\'",
      "'--;'",
      "'/*;'",
    ]) {
      expect(texts(`SELECT ${quoted};SELECT 2`)).toEqual([`SELECT ${quoted}`, 'SELECT 2'])
    }
  })

  it('ends a string at the quote after a backslash where backslashes do not escape', () => {
    const text = "SELECT '\\';SELECT 2"
    expect(cut(text, { backslashEscapes: false })).toHaveLength(2)
    expect(failure(text).code).toBe('SQL.SYNTAX_INVALID')
  })

  it('takes two dashes for a comment only before a blank or the end', () => {
    expect(texts('SELECT 5--1;SELECT 2--')).toEqual(['SELECT 5--1', 'SELECT 2'])
    expect(texts('SELECT 1 --\t;\n+1;SELECT 2')).toEqual(['SELECT 1 --\t;\n+1', 'SELECT 2'])
  })

  it('keeps comments inside a statement', () => {
    expect(texts('SELECT /*+ hint; */ 1 # x;\n+ 1;')).toEqual(['SELECT /*+ hint; */ 1 # x;\n+ 1'])
  })

  it('reads versioned comments as code', () => {
    expect(
      texts("/*!40101 SET NAMES utf8 */;\n/*!50001 CREATE VIEW v AS SELECT ';' */;/*M!100100 SET @a=1*/;"),
    ).toEqual(['/*!40101 SET NAMES utf8 */', "/*!50001 CREATE VIEW v AS SELECT ';' */", '/*M!100100 SET @a=1*/'])
    expect(texts("/*M!999999\\- enable the sandbox mode; don't */\nSELECT 1;")).toEqual(['SELECT 1'])
    expect(texts('SELECT 1 /*!50000 + 1 /* inner; */ */;')).toHaveLength(1)
  })

  it('refuses a statement that ends inside a versioned comment', () => {
    const refused = failure('SELECT 0; /*!40101 SET @a = 1; SET @b = 2 */;')
    expect([refused.code, refused.offset]).toEqual(['SQL.SYNTAX_INVALID', 10])
  })

  it('allows NULL written as backslash N', () => {
    expect(texts('SELECT \\N; SELECT 2')).toEqual(['SELECT \\N', 'SELECT 2'])
  })

  it('does not take names for blocks', () => {
    const statements = [
      'CREATE TABLE `t` (begin int, end int, `case` int, event int, x int DEFAULT (CASE WHEN 1 THEN 2 END))',
      'SELECT begin, end FROM t',
      'INSERT INTO event (end) VALUES (IF(1,2,3))',
      'CREATE USER trigger@localhost',
      'DROP PROCEDURE IF EXISTS p',
      'ALTER TABLE t ADD COLUMN begin int',
      'CREATE OR REPLACE DEFINER=event@localhost SQL SECURITY INVOKER VIEW v AS SELECT CASE WHEN end THEN begin END FROM t',
      'BEGIN',
      'BEGIN WORK',
      'CREATE FUNCTION IF NOT EXISTS f RETURNS STRING SONAME "f.so"',
      'ALTER PROCEDURE p SQL SECURITY INVOKER',
      'ALTER EVENT e DISABLE',
      'CREATE TABLE procedure_log (id int)',
    ]
    expect(texts(statements.join(';\n'))).toEqual(statements)
  })
})

describe('text that cannot be cut', () => {
  it('tells where a string, a name or a comment that never ends begins', () => {
    for (const open of ["'abc", '"abc', '`abc', '/* abc', '/*!50000 abc', "'abc\\'"]) {
      const refused = failure(`SELECT 1; SELECT ${open}`)
      expect([refused.code, refused.offset]).toEqual(['SQL.SYNTAX_INVALID', 17])
    }
  })

  it('refuses commands of the client', () => {
    for (const [text, offset] of [
      ['SELECT 1;\nsource x.sql', 10],
      ['\\. x.sql', 0],
      ['SELECT 1\\G', 8],
      ['SELECT 1 \\c', 9],
      ['\\N', 0],
      ['system ls', 0],
    ] as const) {
      const refused = failure(text)
      expect([refused.code, refused.offset]).toEqual(['SQL.CLIENT_COMMAND', offset])
    }
  })

  it('refuses a body without END and a DELIMITER without argument', () => {
    const refused = failure('SELECT 1; CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2;')
    expect([refused.code, refused.offset]).toEqual(['SQL.SYNTAX_INVALID', 10])
    expect(failure('DELIMITER\nSELECT 1').code).toBe('SQL.SYNTAX_INVALID')
    expect(failure('DELIMITER \\\\\nSELECT 1').code).toBe('SQL.SYNTAX_INVALID')
  })
})

describe('DELIMITER', () => {
  it('is honoured and removed, whatever its case and quotes', () => {
    expect(texts('SELECT 1;\ndelimiter //\nSELECT 2//\nSELECT 3;//\nDELIMITER ;\nSELECT 4;')).toEqual([
      'SELECT 1',
      'SELECT 2',
      'SELECT 3',
      'SELECT 4',
    ])
    expect(texts("DELIMITER '$$'\nCREATE PROCEDURE p() BEGIN SELECT 1; END$$\nDELIMITER ;\r\nSELECT 2")).toEqual([
      'CREATE PROCEDURE p() BEGIN SELECT 1; END',
      'SELECT 2',
    ])
    expect(texts('DELIMITER go\nSELECT 1 go\nSELECT 2 AS x go DELIMITER ;\nSELECT 3')).toHaveLength(3)
  })

  it('trusts the author about bodies, and drops a semicolon before the delimiter', () => {
    const body = 'CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN weird end loop; IF x; END; ;'
    expect(texts(`DELIMITER ;;\n${body} ;;\nDELIMITER ;`)).toEqual([body.slice(0, body.indexOf('; ;'))])
  })

  it('still cuts at semicolons what has no body, as the server would', () => {
    expect(texts('DELIMITER //\nINSERT INTO a VALUES (1); INSERT INTO a VALUES (2);\n//')).toHaveLength(2)
  })

  it('works for the way dumps write triggers', () => {
    const trigger =
      '/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN\n' +
      ' SET NEW.a = 1;\n SET NEW.b = 2;\nEND */'
    expect(texts(`DELIMITER ;;\n${trigger};;\nDELIMITER ;\nSELECT 1;`)).toEqual([trigger, 'SELECT 1'])
    expect(texts(`${trigger};\nSELECT 1;`)).toEqual([trigger, 'SELECT 1'])
  })
})

/** Statements with bodies; each must stay whole without DELIMITER. */
const BODIES = [
  'CREATE PROCEDURE p() SELECT 1',
  'CREATE PROCEDURE p() BEGIN END',
  'create definer=`a`@`%` procedure if not exists p(in x int, out `y;` varchar(10))\ncomment "x; begin" begin select 1; select 2; end',
  'CREATE PROCEDURE p() BEGIN NOT ATOMIC SELECT 1; END',
  'CREATE PROCEDURE p() l1: BEGIN IF x THEN LEAVE l1; END IF; END l1',
  'CREATE PROCEDURE p() BEGIN DECLARE x INT DEFAULT CASE WHEN 1 THEN 2 ELSE 3 END; CASE x WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE; END',
  'CREATE PROCEDURE p() BEGIN CASE WHEN a THEN SELECT CASE WHEN end THEN end ELSE 1 END; END CASE; SELECT 1; END',
  'CREATE PROCEDURE p() BEGIN WHILE i < 3 DO SET i = i + 1; END WHILE; REPEAT SET i = i - 1; UNTIL i < 1 END REPEAT; SELECT 1; END',
  'CREATE PROCEDURE p() BEGIN a: LOOP IF IF(1, 2, 3) THEN ITERATE a; ELSEIF 2 THEN LEAVE a; ELSE SELECT 1; END IF; END LOOP a; END',
  'CREATE PROCEDURE p() BEGIN FOR i IN 1..10 DO SELECT i; END FOR; FOR r IN (SELECT 1) DO SELECT r.end; END FOR; END',
  "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION, SQLSTATE '42S02', 1051 BEGIN ROLLBACK; RESIGNAL; END; SELECT 1; END",
  'CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND SET x = CASE WHEN 1 THEN 2 END; SELECT 1; END',
  'CREATE PROCEDURE p() BEGIN DECLARE c CURSOR FOR SELECT begin FROM t; START TRANSACTION; COMMIT; END',
  'CREATE PROCEDURE p() BEGIN SELECT end FROM t; SELECT t.end, @end, @begin; DROP TABLE IF EXISTS x; END',
  'CREATE PROCEDURE p() IF 1 THEN SELECT 1; SELECT 2; END IF',
  'CREATE PROCEDURE p() REPEAT SET x = REPEAT("a", 2); UNTIL 1 END REPEAT',
  'CREATE PROCEDURE p() x: WHILE 1 DO SELECT 1; END WHILE x',
  'CREATE FUNCTION f(a INT) RETURNS SET("a", "b") DETERMINISTIC READS SQL DATA RETURN CASE a WHEN 1 THEN 2 END',
  'CREATE FUNCTION f(a INT) RETURNS VARCHAR(20) CHARACTER SET utf8mb4 NO SQL BEGIN RETURN IF(a, 1, 2); END',
  'CREATE FUNCTION f(a INT) RETURNS INT RETURN a IS NULL',
  'CREATE FUNCTION f(a INT) RETURNS INT RETURN (a) IS NOT NULL',
  'CREATE AGGREGATE FUNCTION f(x INT) RETURNS INT BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN 1; LOOP FETCH GROUP NEXT ROW; END LOOP; END',
  'CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW SET NEW.x = 1',
  'CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW FOLLOWS `other` BEGIN SET NEW.x = 1; END',
  'CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW PRECEDES other IF NEW.x THEN SET @a = 1; END IF',
  'CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS CURRENT_TIMESTAMP + INTERVAL 1 DAY ENDS NOW() DO BEGIN DELETE FROM a; DELETE FROM b; END',
  'ALTER DEFINER = CURRENT_USER() EVENT e DO BEGIN DELETE FROM a; DELETE FROM b; END',
  'BEGIN NOT ATOMIC DECLARE x INT; SET x = 1; END',
  'IF (SELECT 1) THEN SELECT 1; ELSE SELECT 2; END IF',
  'CASE WHEN 1 THEN SELECT 1; END CASE',
  'CREATE PACKAGE k AS FUNCTION f(a INT) RETURN INT; PROCEDURE g; END',
  'CREATE PACKAGE BODY k AS x INT; FUNCTION f(a INT) RETURN INT AS y INT; BEGIN RETURN a; END; PROCEDURE g IS BEGIN NULL; END; BEGIN x := 1; END',
  'CREATE PROCEDURE p AS x INT; BEGIN x := 1; SELECT x; END',
  'CREATE FUNCTION f(a INT) RETURN INT IS BEGIN RETURN a; END',
  'CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE JAVASCRIPT AS $js$ if (a) { a; } return a; $js$',
  'CREATE PROCEDURE p() BEGIN e: BEGIN x: BEGIN SELECT 1; END x; END e; CREATE TABLE t (a int); END',
  'CREATE PROCEDURE p() BEGIN IF a THEN BEGIN SELECT 1; END; ELSE BEGIN SELECT 2; END; END IF; END',
]

describe('bodies without DELIMITER', () => {
  it.each(BODIES)('keeps whole: %s', body => {
    expect(texts(`SELECT 1;${body};SELECT 2;`)).toEqual(['SELECT 1', body, 'SELECT 2'])
    expect(texts(`DELIMITER $$\n${body}$$\nDELIMITER ;\nSELECT 2;`)).toEqual([body, 'SELECT 2'])
  })
})

describe('random texts', () => {
  const word = fc.constantFrom(
    'a',
    'end',
    'begin',
    'CASE',
    'x1',
    '_y',
    '$z',
    'ünï',
    '1',
    '1.5',
    '=',
    '(',
    ')',
    ',',
    '@v',
    '--1',
    '/',
  )
  const character = fc.constantFrom('a', ';', '#', '-- ', '/*', '*/', '\n', '`', '😀', '\\\\', 'DELIMITER //\n', '/*!')
  const quoted = fc.oneof(
    fc.array(fc.oneof(character, fc.constantFrom('"', "''", "\\'"))).map(parts => `'${parts.join('')}'`),
    fc.array(fc.oneof(character, fc.constantFrom("'", '""', '\\"'))).map(parts => `"${parts.join('')}"`),
    fc
      .array(fc.constantFrom('a', ';', '#', '-- ', '/*', '\n', "'", '"', '``', '\\'))
      .map(parts => `\`${parts.join('')}\``),
  )
  const comment = fc.constantFrom('/* ; */', '/**/', '-- ;\n', '--\n', '# ;\n', '#\n', "/* ' */", ' ', '\n', '\t')
  const versioned = fc.constantFrom('/*!50000 x */', '/*M!100100 y, ` ; ` */', "/*! ';' */")
  const plain = fc
    .tuple(
      fc.constantFrom('SELECT', 'INSERT', 'create table', 'UPDATE', 'Set'),
      fc.array(fc.oneof(word, quoted, comment, versioned), { maxLength: 12 }),
      fc.oneof(
        word.filter(text => text !== '/'),
        quoted,
      ),
    )
    .map(([first, middle, last]) => `${[first, ...middle].join(' ')} ${last}`)
  const statement = fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: fc.constantFrom(...BODIES) })
  const gap = fc.array(comment, { maxLength: 3 }).map(parts => parts.join(''))

  it('gives joined statements back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, statement, gap)), parts => {
        const text = parts.map(([before, middle, after]) => `${before}${middle}${after};`).join('')
        expect(texts(text)).toEqual(parts.map(([, middle]) => middle))
      }),
      { numRuns: 500 },
    )
  })

  it('gives statements joined with a delimiter back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(gap, statement, gap)),
        fc.constantFrom('//', '$$', ';;', '|', '%%'),
        (parts, delimiter) => {
          const text = parts.map(([before, middle, after]) => `${before}${middle}${after} ${delimiter}\n`).join('')
          const safe = parts.filter(([, middle]) => !middle.includes(delimiter))
          if (safe.length !== parts.length) return
          expect(texts(`DELIMITER ${delimiter}\n${text}DELIMITER ;\n`)).toEqual(parts.map(([, middle]) => middle))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('never does anything but cut or refuse', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), text => {
        try {
          for (const { start, end } of cut(text)) expect(end).toBeGreaterThan(start)
        } catch (error) {
          expect(error).toBeInstanceOf(SplitFailure)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('size', () => {
  it('cuts 50 MB in seconds', () => {
    const line = `INSERT INTO t VALUES (1, 'it''s; a \\'text\\' of some length, repeated', "x", \`y\`);\n`
    const one = `INSERT INTO big VALUES ('${'abcdefghi;'.repeat(2_500_000)}');\n`
    const text = line.repeat(Math.ceil(25_000_000 / line.length)) + one
    const began = performance.now()
    expect(cut(text).length).toBeGreaterThan(300_000)
    expect(performance.now() - began).toBeLessThan(20_000)
  })
})
