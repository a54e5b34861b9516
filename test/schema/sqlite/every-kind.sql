-- Every kind of object that SQLite has.
CREATE TABLE plain (a, b INTEGER, c TEXT NOT NULL DEFAULT 'x', d REAL DEFAULT -1.5e-3, e BLOB DEFAULT x'0F', f NUMERIC DEFAULT (abs(-1)),
  g TEXT COLLATE NOCASE, h DATETIME DEFAULT CURRENT_TIMESTAMP, i BOOLEAN DEFAULT TRUE, j DEFAULT NULL, k "double precision" DEFAULT +5, l UNSIGNED BIG INT,
  m VARCHAR ( 10 , 2 ), n INT NULL, o INT NOT NULL ON CONFLICT IGNORE DEFAULT 0, p DEFAULT word, q DEFAULT "Quoted");
CREATE TABLE keys (id INTEGER PRIMARY KEY AUTOINCREMENT, u TEXT UNIQUE ON CONFLICT REPLACE, r INT CONSTRAINT to_self REFERENCES keys (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT positive CHECK (r > 0), CHECK (keys.u <> '' AND u NOT IN ('a', 'b')), UNIQUE (u COLLATE RTRIM DESC, r), FOREIGN KEY (u) REFERENCES "Mixed Case" ("Key") MATCH FULL ON UPDATE SET DEFAULT);
CREATE TABLE "Mixed Case" ("Key" TEXT PRIMARY KEY ON CONFLICT FAIL, [bra ket] INT, `back tick` INT, "quo""te" INT, "select" INT) WITHOUT ROWID;
CREATE TABLE strict_one (id INT PRIMARY KEY, any_one ANY, t TEXT) STRICT;
CREATE TABLE both_options (a TEXT, b INT, PRIMARY KEY (a, b DESC)) STRICT, WITHOUT ROWID;
CREATE TABLE computed (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED, c TEXT AS (a || 'x') VIRTUAL NOT NULL, d AS (b * 2));
CREATE TABLE descending (id INTEGER PRIMARY KEY DESC, a);
CREATE TABLE commented ( -- first
  a INT, /* a, b */ b INT -- not a comma, here
  , c INT CHECK (c > 0 /* ) */));
CREATE TABLE made_by_select AS SELECT 1 AS one, 'x' AS "two words", NULL AS three;
CREATE INDEX simple ON plain (a, b DESC);
CREATE UNIQUE INDEX "Odd Index" ON "Mixed Case" ("Key" COLLATE NOCASE, "quo""te");
CREATE INDEX expressions ON plain (lower(c), a + b, json_extract(g, '$.x')) WHERE b IS NOT NULL AND c LIKE 'A%';
CREATE VIEW v AS SELECT a, b AS "Total", CAST(c AS INTEGER) FROM plain;
CREATE VIEW "View On View" (x, y) AS WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT v.a, n.i FROM v, n WHERE v.a IN (SELECT a FROM computed);
CREATE VIEW windowed AS SELECT a, row_number() OVER w FROM plain WINDOW w AS (PARTITION BY b ORDER BY a);
CREATE TRIGGER after_insert AFTER INSERT ON plain BEGIN INSERT INTO computed (a) VALUES (NEW.b); UPDATE plain SET a = 1 WHERE b = NEW.b; END;
CREATE TRIGGER before_update BEFORE UPDATE OF b, c ON plain FOR EACH ROW WHEN NEW.b > OLD.b BEGIN SELECT RAISE(ABORT, 'no; never'); END;
CREATE TRIGGER instead_of INSTEAD OF INSERT ON v BEGIN INSERT INTO plain (a, c) VALUES (NEW.a, CASE WHEN NEW.a THEN 'y' ELSE 'n' END); END;
CREATE VIRTUAL TABLE words USING fts5(title, body UNINDEXED, tokenize = 'porter ascii', prefix = '2 3');
CREATE VIRTUAL TABLE outside USING fts5(c, content = 'plain', content_rowid = 'rowid');
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, +note TEXT);
CREATE TRIGGER into_words AFTER DELETE ON plain BEGIN INSERT INTO words (words, rowid, title) VALUES ('delete', OLD.rowid, OLD.c); END;
