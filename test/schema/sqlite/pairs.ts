// Pairs of schemas that are hard for SQLite, with rows that must outlive the change.

export interface Pair {
  readonly name: string
  readonly current: string
  readonly desired: string
  readonly rows?: string
  /** Gives the same rows before and after. */
  readonly keep?: string
  /** Gives these rows after. */
  readonly then?: readonly [sql: string, rows: readonly object[]]
  /** Statements that must be there, or must not. */
  readonly contains?: readonly RegExp[]
  readonly lacks?: readonly RegExp[]
}

const REBUILT = /godwit_new_/

export const pairs: readonly Pair[] = [
  {
    name: 'adds and drops columns in place',
    current: "CREATE TABLE t (a int, b text DEFAULT 'x', c)",
    desired:
      'CREATE TABLE t (a int, c, d real NOT NULL DEFAULT -1.5e-3, e int DEFAULT 12, f AS (a + 1), g text COLLATE nocase)',
    rows: 'INSERT INTO t VALUES (1, 2, 3)',
    keep: 'SELECT a, c FROM t',
    then: ['SELECT d FROM t', [{ d: -0.0015 }]],
    lacks: [REBUILT],
  },
  {
    name: 'adds a column with a check beside one whose default is a fraction',
    current: 'CREATE TABLE t (a int, b real NOT NULL DEFAULT 1.5)',
    desired: 'CREATE TABLE t (a int, b real NOT NULL DEFAULT 1.5, c int CHECK (c > 0), d int AS (a) NOT NULL)',
    rows: 'INSERT INTO t (a) VALUES (1)',
    keep: 'SELECT a, b FROM t',
  },
  {
    name: 'keeps rowids, the AUTOINCREMENT counter, indexes, triggers and views of a rebuilt table',
    current: `CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a int); CREATE INDEX i ON t (a);
      CREATE TABLE log (x); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.a); END;
      CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; CREATE TABLE u (a int UNIQUE)`,
    desired: `CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a text NOT NULL DEFAULT 'none'); CREATE INDEX i ON t (a);
      CREATE TABLE log (x); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.a); END;
      CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; CREATE TABLE u (a int)`,
    rows: 'INSERT INTO t VALUES (5, 1), (9, NULL); DELETE FROM t WHERE id = 9; INSERT INTO t VALUES (7, NULL); INSERT INTO u (rowid, a) VALUES (77, 1)',
    keep: "SELECT t.id, seq, u.rowid AS r FROM t, u, sqlite_sequence WHERE name = 't'",
    then: ['SELECT a FROM t ORDER BY id', [{ a: '1' }, { a: 'none' }]],
  },
  {
    name: 'rebuilds two tables whose triggers and views name each other',
    current: `CREATE TABLE a (x int); CREATE TABLE b (y int);
      CREATE TRIGGER ta AFTER INSERT ON a BEGIN INSERT INTO b VALUES (NEW.x); END;
      CREATE TRIGGER tb AFTER DELETE ON b BEGIN DELETE FROM a WHERE x = OLD.y; END; CREATE VIEW v AS SELECT * FROM a, b`,
    desired: `CREATE TABLE a (x text); CREATE TABLE b (y text);
      CREATE TRIGGER ta AFTER INSERT ON a BEGIN INSERT INTO b VALUES (NEW.x); END;
      CREATE TRIGGER tb AFTER DELETE ON b BEGIN DELETE FROM a WHERE x = OLD.y; END; CREATE VIEW v AS SELECT * FROM a, b`,
    rows: 'INSERT INTO a VALUES (1)',
    keep: 'SELECT CAST(x AS text) AS x FROM a UNION ALL SELECT CAST(y AS text) FROM b',
  },
  {
    name: 'rebuilds a table that a trigger of a third one reaches through a view',
    current: `CREATE TABLE a (x int); CREATE VIEW v AS SELECT x FROM a; CREATE TABLE c (z int);
      CREATE TRIGGER tc AFTER INSERT ON c BEGIN INSERT INTO c SELECT x FROM v; END;
      CREATE TRIGGER tv INSTEAD OF INSERT ON v BEGIN INSERT INTO a VALUES (NEW.x); END`,
    desired: `CREATE TABLE a (x text); CREATE VIEW v AS SELECT x FROM a; CREATE TABLE c (z text);
      CREATE TRIGGER tc AFTER INSERT ON c BEGIN INSERT INTO c SELECT x FROM v; END;
      CREATE TRIGGER tv INSTEAD OF INSERT ON v BEGIN INSERT INTO a VALUES (NEW.x); END`,
    rows: 'INSERT INTO a VALUES (1)',
    keep: 'SELECT CAST(x AS text) AS x FROM a',
  },
  {
    name: 'keeps self references and the rows of children',
    current:
      'CREATE TABLE t (id INTEGER PRIMARY KEY, up int REFERENCES t ON DELETE CASCADE, a int); CREATE TABLE c (t int REFERENCES t (id) ON DELETE CASCADE)',
    desired:
      'CREATE TABLE t (id INTEGER PRIMARY KEY, up int REFERENCES t ON DELETE SET NULL, a int); CREATE TABLE c (t int REFERENCES t (id) ON DELETE CASCADE)',
    rows: 'INSERT INTO t VALUES (1, NULL, 1), (2, 1, 2); INSERT INTO c VALUES (1), (2)',
    keep: 'SELECT t.*, c.t FROM t, c ORDER BY 1, 4',
  },
  {
    name: 'renames a table and columns only in case',
    current: 'CREATE TABLE Users (Id int, Name text); CREATE INDEX Idx ON Users (Name)',
    desired: 'CREATE TABLE USERS (ID int, name text); CREATE INDEX idx ON USERS (name)',
    rows: "INSERT INTO Users VALUES (1, 'x')",
    keep: 'SELECT id AS a, name AS b FROM users',
  },
  {
    name: 'knows a check that names its table, quoted in four ways',
    current: 'CREATE TABLE "my t" (a int, CHECK ("my t".a > 0))',
    desired: 'CREATE TABLE [my t] (a int, CHECK (`my t`.a > 1 AND "my t"."a" < 9))',
    rows: 'INSERT INTO [my t] VALUES (5)',
    keep: 'SELECT a FROM [my t]',
  },
  {
    name: 'sees no difference in quotes, comments, blanks and case of words',
    current: `CREATE TABLE t (a INTEGER PRIMARY KEY, b varchar (10) default (1), c text collate nocase, check (b > 0)); CREATE INDEX i ON t (b ASC) WHERE b > 1;
      CREATE VIEW v AS SELECT a, b FROM t; CREATE TRIGGER g AFTER UPDATE OF b ON t BEGIN SELECT 1; END`,
    desired: `create table [t] ("a" integer primary key, -- the key
        \`b\` VARCHAR(10) DEFAULT 1, 'c' TEXT COLLATE NOCASE, /* more */ CHECK ("b" > 0)); create index "i" on "t" (b) where "b">1;
      create view "v" as select "a", [b] from "t"; CREATE TRIGGER IF NOT EXISTS g AFTER UPDATE OF "b" ON t BEGIN SELECT 1 ; END`,
    lacks: [/./],
  },
  {
    name: 'sees a text in double quotes, an alias and a default in another case',
    current: `CREATE TABLE t (a DEFAULT Foo, b DEFAULT 'x'); CREATE VIEW v AS SELECT a AS Total FROM t`,
    desired: `CREATE TABLE t (a DEFAULT foo, b DEFAULT 'X'); CREATE VIEW v AS SELECT a AS total FROM t`,
    rows: 'INSERT INTO t DEFAULT VALUES',
    keep: 'SELECT a, b FROM t',
    contains: [REBUILT, /CREATE VIEW/],
  },
  {
    name: 'makes a table STRICT, WITHOUT ROWID and back',
    current:
      'CREATE TABLE t (a TEXT PRIMARY KEY, b INT); CREATE TABLE u (a TEXT PRIMARY KEY NOT NULL, b INT) STRICT, WITHOUT ROWID',
    desired:
      'CREATE TABLE t (a TEXT PRIMARY KEY, b INT) STRICT, WITHOUT ROWID; CREATE TABLE u (a TEXT PRIMARY KEY NOT NULL, b INT)',
    rows: `INSERT INTO t VALUES ('x', 1); INSERT INTO u VALUES ('y', 2)`,
    keep: 'SELECT * FROM t UNION ALL SELECT * FROM u',
  },
  {
    name: 'computes a column, stores it and makes it plain',
    current: 'CREATE TABLE t (a int, b int AS (a + 1), c int AS (a * 2) STORED, d int)',
    desired: 'CREATE TABLE t (a int, b int AS (a + 1) STORED, c int, d int AS (a - 1))',
    rows: 'INSERT INTO t (a, d) VALUES (5, 6)',
    keep: 'SELECT a, b, c FROM t',
    then: ['SELECT d FROM t', [{ d: 4 }]],
  },
  {
    name: 'copies all rows although the new table would pass over some in silence',
    current: 'CREATE TABLE t (a int, b int NOT NULL)',
    desired: 'CREATE TABLE t (a int, b int NOT NULL ON CONFLICT IGNORE, UNIQUE (b) ON CONFLICT REPLACE)',
    rows: 'INSERT INTO t VALUES (1, 2), (3, 4)',
    keep: 'SELECT * FROM t',
    contains: [/INSERT OR ABORT/],
  },
  {
    name: 'moves an index to another table under its name, and turns a view into a table',
    current:
      'CREATE TABLE a (x int); CREATE TABLE b (y int); CREATE INDEX i ON a (x); CREATE VIEW v AS SELECT x FROM a; CREATE VIEW w AS SELECT x FROM v',
    desired:
      'CREATE TABLE a (x text); CREATE TABLE b (y text); CREATE INDEX i ON b (y); CREATE TABLE v (x int); CREATE VIEW w AS SELECT x FROM v',
    rows: 'INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)',
    keep: 'SELECT CAST(x AS int) AS x FROM a UNION ALL SELECT CAST(y AS int) FROM b',
  },
  {
    name: 'drops a column that an index, a trigger and a view no longer name',
    current: `CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a, b); CREATE VIEW v AS SELECT a, b FROM t;
      CREATE TRIGGER g AFTER UPDATE ON t BEGIN SELECT OLD.b; END`,
    desired: `CREATE TABLE t (a int); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t;
      CREATE TRIGGER g AFTER UPDATE ON t BEGIN SELECT OLD.a; END`,
    rows: 'INSERT INTO t VALUES (1, 2)',
    keep: 'SELECT a FROM t',
    lacks: [REBUILT],
  },
  {
    name: 'keeps the rows of full-text and R-Tree tables whose options change',
    current: `CREATE VIRTUAL TABLE f USING fts5(title, body); CREATE VIRTUAL TABLE r USING rtree(id, x0, x1);
      CREATE TABLE d (id INTEGER PRIMARY KEY, t); CREATE VIRTUAL TABLE e USING fts5(t, content='d', content_rowid='id')`,
    desired: `CREATE VIRTUAL TABLE f USING fts5(title, body, extra, tokenize='porter'); CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, y0, y1);
      CREATE TABLE d (id INTEGER PRIMARY KEY, t); CREATE VIRTUAL TABLE e USING fts5(t, content='d', content_rowid='id', tokenize='porter')`,
    rows: `INSERT INTO f (rowid, title, body) VALUES (7, 'running', 'b'); INSERT INTO r VALUES (3, 1, 2); INSERT INTO d VALUES (4, 'walking')`,
    keep: 'SELECT f.rowid, title, body, r.id, x0, x1 FROM f, r',
    then: [
      `SELECT rowid FROM e WHERE e MATCH 'walk' UNION ALL SELECT rowid FROM f WHERE f MATCH 'run'`,
      [{ rowid: 4 }, { rowid: 7 }],
    ],
  },
  {
    name: 'gives a table without key a key that is its rowid',
    current: 'CREATE TABLE t (a int); CREATE TABLE k (id int PRIMARY KEY DESC, b int)',
    desired: 'CREATE TABLE t (id INTEGER PRIMARY KEY, a int); CREATE TABLE k (id INTEGER PRIMARY KEY, b int)',
    rows: 'INSERT INTO t (rowid, a) VALUES (4, 1), (9, 2); INSERT INTO k VALUES (3, 1)',
    keep: 'SELECT t.rowid AS r, a, k.id, b FROM t, k ORDER BY 1',
  },
  {
    name: 'keeps rows when no column stays',
    current: 'CREATE TABLE t (a int, CHECK (a > 0))',
    desired: 'CREATE TABLE t (b int DEFAULT 5)',
    rows: 'INSERT INTO t VALUES (1), (2)',
    keep: 'SELECT count(*) AS n FROM t',
  },
  {
    name: 'takes keywords and odd names',
    current: `CREATE TABLE "order" ("select" int, [group] text, \`a b\` text, 'it''s' int, "x""y" int, CONSTRAINT "check" CHECK ("select" > 0)); CREATE INDEX "index" ON "order" ("group", "a b")`,
    desired: `CREATE TABLE "order" ("select" text, [group] text, \`a b\` text, 'it''s' int, "x""y" text, "table" int, CONSTRAINT "check" CHECK ("select" > 1)); CREATE INDEX "index" ON "order" ("x""y", "it's")`,
    rows: 'INSERT INTO "order" VALUES (5, 2, 3, 4, 5)',
    keep: `SELECT "group", "a b", "it's" FROM "order"`,
  },
  {
    name: 'fills expression, named and unnamed constraints of every kind',
    current: 'CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)); CREATE TABLE t (a int, b int)',
    desired: `CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)); CREATE TABLE t (a int CONSTRAINT nn NOT NULL ON CONFLICT FAIL, b int DEFAULT (abs(-3)) COLLATE rtrim,
      CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES p (a, b) ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
      UNIQUE (a COLLATE nocase, b DESC) ON CONFLICT IGNORE CHECK (a > 0) CHECK (a > 0)); CREATE UNIQUE INDEX e ON t (a + b, lower(b) DESC) WHERE a IN (1, 2)`,
    rows: 'INSERT INTO p VALUES (1, 2); INSERT INTO t VALUES (1, 2)',
    keep: 'SELECT a, b FROM t',
  },
  {
    name: 'drops and makes tables that triggers and views of kept ones name',
    current:
      'CREATE TABLE t (a int); CREATE TABLE x (a int); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO x VALUES (1); END; CREATE VIEW v AS SELECT * FROM x, t',
    desired:
      'CREATE TABLE t (a text); CREATE TABLE y (a int); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO y VALUES (1); END; CREATE VIEW v AS SELECT * FROM y, t',
    rows: 'DELETE FROM t',
  },
]
