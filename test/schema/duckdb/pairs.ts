// Pairs of schemas that are hard for DuckDB, with rows that must outlive the change.

export interface Pair {
  readonly name: string
  readonly current: string
  readonly desired: string
  readonly rows?: string
  /** Gives the same rows before and after. */
  readonly keep?: string
  readonly contains?: readonly RegExp[]
  readonly lacks?: readonly RegExp[]
}

const REBUILT = /godwit_old_/

export const pairs: readonly Pair[] = [
  {
    name: 'adds, drops and changes columns in place under an index and a view',
    current: `CREATE TABLE t (a INTEGER, b INTEGER DEFAULT 1, c VARCHAR NOT NULL, g INTEGER, d INTEGER); CREATE INDEX i ON t (g); CREATE VIEW v AS SELECT a FROM t`,
    desired: `CREATE TABLE t (a BIGINT, b VARCHAR DEFAULT 'x', c VARCHAR, g INTEGER, e INTEGER DEFAULT 7, f VARCHAR COLLATE NOCASE); CREATE INDEX i ON t (g); CREATE VIEW v AS SELECT a, e FROM t`,
    rows: `INSERT INTO t VALUES (1, 2, 'c', 4, 5)`,
    keep: 'SELECT a, b::VARCHAR AS b, c FROM t',
    lacks: [REBUILT],
  },
  {
    name: 'changes constraints of a table that others refer to',
    current: `CREATE TABLE p (id INTEGER PRIMARY KEY, a INTEGER); CREATE TABLE c (p INTEGER REFERENCES p (id), x INTEGER UNIQUE); CREATE TABLE g (c INTEGER REFERENCES c (x)); CREATE INDEX i ON c (p)`,
    desired: `CREATE TABLE p (id INTEGER PRIMARY KEY, a INTEGER CHECK (a > 0)); CREATE TABLE c (p INTEGER REFERENCES p (id), x INTEGER UNIQUE); CREATE TABLE g (c INTEGER REFERENCES c (x)); CREATE INDEX i ON c (p)`,
    rows: 'INSERT INTO p VALUES (1, 1); INSERT INTO c VALUES (1, 5); INSERT INTO g VALUES (5)',
    keep: 'SELECT p.id, c.x, g.c FROM p, c, g',
    contains: [REBUILT],
  },
  {
    name: 'drops a foreign key and the table it refers to',
    current: 'CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p (id), x INTEGER)',
    desired: 'CREATE TABLE c (p INTEGER, x INTEGER)',
    rows: 'INSERT INTO p VALUES (1); INSERT INTO c VALUES (NULL, 2)',
    keep: 'SELECT * FROM c',
  },
  {
    name: 'makes a table and a foreign key to it',
    current: 'CREATE TABLE c (p INTEGER, x INTEGER)',
    desired: 'CREATE TABLE z (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES z (id), x INTEGER)',
    rows: 'INSERT INTO c VALUES (NULL, 2)',
    keep: 'SELECT * FROM c',
  },
  {
    name: 'changes a sequence that a default uses, and a macro that others use',
    current: `CREATE SEQUENCE s; CREATE TABLE t (id INTEGER DEFAULT nextval('s'), a INTEGER); CREATE MACRO f(x) AS x + 1; CREATE MACRO g(x) AS f(x) * 2; CREATE VIEW v AS SELECT g(1) AS a`,
    desired: `CREATE SEQUENCE s START 100 INCREMENT BY 5; CREATE TABLE t (id INTEGER DEFAULT nextval('s'), a INTEGER); CREATE MACRO f(x) AS x + 2; CREATE MACRO g(x) AS f(x) * 2; CREATE VIEW v AS SELECT g(1) AS a`,
    rows: 'INSERT INTO t (a) VALUES (1)',
    keep: 'SELECT * FROM t',
    lacks: [REBUILT],
  },
  {
    name: 'changes enum types that another type is made of, and keeps the rows of their columns',
    current: `CREATE TYPE m AS ENUM ('a', 'b'); CREATE TYPE p AS STRUCT(m m, n INTEGER); CREATE TABLE t (x m, y p)`,
    desired: `CREATE TYPE m AS ENUM ('a', 'b', 'c'); CREATE TYPE p AS STRUCT(m m, n INTEGER); CREATE TABLE t (x m, y p)`,
    rows: `INSERT INTO t VALUES ('b', {'m': 'a', 'n': 1})`,
    keep: 'SELECT x::VARCHAR AS x, y::VARCHAR AS y FROM t',
  },
  {
    name: 'computes a column and makes it plain',
    current: 'CREATE TABLE t (a INTEGER, b INTEGER AS (a + 1), c INTEGER)',
    desired: 'CREATE TABLE t (a INTEGER, b INTEGER, c INTEGER AS (a + 2))',
    rows: 'INSERT INTO t (a) VALUES (1)',
    keep: 'SELECT a, b FROM t',
  },
  {
    name: 'makes a column NOT NULL with its default where it was NULL',
    current: 'CREATE TABLE t (a INTEGER, b INTEGER)',
    desired: 'CREATE TABLE t (a INTEGER NOT NULL DEFAULT 5, b INTEGER NOT NULL)',
    rows: 'INSERT INTO t VALUES (NULL, 1), (2, 3)',
    keep: 'SELECT coalesce(a, 5) AS a, b FROM t ORDER BY 2',
  },
  {
    name: 'changes only comments',
    current: `CREATE TABLE t (a INTEGER, b INTEGER); COMMENT ON TABLE t IS 'x'; COMMENT ON COLUMN t.a IS 'y'; CREATE INDEX i ON t (a); CREATE SCHEMA s; CREATE VIEW s.v AS SELECT 1 AS one; COMMENT ON VIEW s.v IS 'v'`,
    desired: `CREATE TABLE t (a INTEGER, b INTEGER); COMMENT ON COLUMN t.b IS 'it''s'; CREATE INDEX i ON t (a); COMMENT ON INDEX i IS 'i'; CREATE SCHEMA s; CREATE VIEW s.v AS SELECT 1 AS one`,
    rows: 'INSERT INTO t VALUES (1, 2)',
    keep: 'SELECT * FROM t',
    lacks: [REBUILT, /INDEX i ON/],
  },
  {
    name: 'renames only in case and moves an index',
    current: 'CREATE TABLE Users (Id INTEGER, Name VARCHAR); CREATE TABLE b (x INTEGER); CREATE INDEX i ON b (x)',
    desired:
      'CREATE TABLE USERS (ID INTEGER, name VARCHAR); CREATE TABLE b (x INTEGER); CREATE INDEX i ON USERS (name)',
    rows: `INSERT INTO Users VALUES (1, 'x')`,
    keep: 'SELECT id AS a, name AS b FROM users',
  },
  {
    name: 'drops and makes schemas with everything in them',
    current: `CREATE SCHEMA old; CREATE TABLE old.t (a INTEGER PRIMARY KEY); CREATE TABLE old.u (a INTEGER REFERENCES old.t (a)); CREATE VIEW old.v AS SELECT * FROM old.t; CREATE SEQUENCE old.s; CREATE TYPE old.m AS ENUM ('a'); CREATE MACRO old.f(x) AS x`,
    desired: `CREATE SCHEMA new; CREATE TABLE new.t (a INTEGER PRIMARY KEY); CREATE TABLE new.u (a INTEGER REFERENCES new.t (a)); CREATE VIEW new.v AS SELECT * FROM new.t; CREATE SEQUENCE new.s; CREATE TYPE new.m AS ENUM ('a'); CREATE MACRO new.f(x) AS x`,
  },
]
