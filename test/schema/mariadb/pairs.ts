// Pairs of schemas that are hard to lead into each other, with rows whose values must be the same after.

export interface Pair {
  readonly name: string
  readonly current: string
  readonly desired: string
  /** Put into the current schema before. */
  readonly rows?: string
  /** Answers the same before and after, there and back. */
  readonly keep?: string
}

export const pairs: readonly Pair[] = [
  {
    name: 'widens both ends of a foreign key',
    current: `CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY);
      CREATE TABLE b (id INT PRIMARY KEY, a INT NOT NULL, CONSTRAINT fa FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE);`,
    desired: `CREATE TABLE a (id BIGINT AUTO_INCREMENT PRIMARY KEY);
      CREATE TABLE b (id INT PRIMARY KEY, a BIGINT NOT NULL, CONSTRAINT fa FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE);`,
    rows: 'INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 2)',
    keep: 'SELECT b.id, b.a FROM b JOIN a ON a.id = b.a',
  },
  {
    name: 'changes the column of one end only, and of a table that refers to itself',
    current: `CREATE TABLE a (id INT PRIMARY KEY, up INT, CONSTRAINT up FOREIGN KEY (up) REFERENCES a (id));
      CREATE TABLE b (id INT PRIMARY KEY, a INT, CONSTRAINT fa FOREIGN KEY (a) REFERENCES a (id));`,
    desired: `CREATE TABLE a (id INT PRIMARY KEY, up INT NOT NULL, CONSTRAINT up FOREIGN KEY (up) REFERENCES a (id));
      CREATE TABLE b (id INT PRIMARY KEY, a INT NOT NULL, CONSTRAINT fa FOREIGN KEY (a) REFERENCES a (id));`,
    rows: 'INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1)',
    keep: 'SELECT * FROM a JOIN b',
  },
  {
    name: 'moves the primary key and AUTO_INCREMENT to another column',
    current: 'CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL, u INT, UNIQUE KEY u (u))',
    desired: 'CREATE TABLE t (id INT NOT NULL, n INT NOT NULL AUTO_INCREMENT PRIMARY KEY, u INT, KEY u (u))',
    rows: 'INSERT INTO t VALUES (5, 6, 7)',
    keep: 'SELECT id, n, u FROM t',
  },
  {
    name: 'keeps the labels of an enum in another order, and adds one',
    current: "CREATE TABLE t (e ENUM('a','b') NOT NULL DEFAULT 'a', s SET('x','y'))",
    desired: "CREATE TABLE t (e ENUM('c','b','a') NOT NULL DEFAULT 'c', s SET('y','z','x'))",
    rows: "INSERT INTO t VALUES ('a', 'x,y'), ('b', 'y')",
    keep: 'SELECT CONCAT(e), FIND_IN_SET("x", s) > 0, FIND_IN_SET("y", s) > 0 FROM t ORDER BY CONCAT(e)',
  },
  {
    name: 'makes a computed column a plain one and keeps what it computed',
    current: 'CREATE TABLE t (a INT, v INT AS (a * 2) VIRTUAL, s INT AS (a * 3) STORED, KEY v (v))',
    desired: 'CREATE TABLE t (a INT, v INT NOT NULL, s INT, KEY v (v))',
    rows: 'INSERT INTO t (a) VALUES (1), (2)',
    keep: 'SELECT a, v, s FROM t ORDER BY a',
  },
  {
    name: 'switches computed columns that use each other between stored and virtual',
    current: `CREATE TABLE t (a INT, v INT AS (a * 2) VIRTUAL, w INT AS (v + 1) STORED, KEY w (w), KEY both_ (a, v), CONSTRAINT c CHECK (v > 0))`,
    desired: `CREATE TABLE t (a INT, v INT AS (a * 2) STORED, w INT AS (v + 1) VIRTUAL, KEY w (w), KEY both_ (a, v), CONSTRAINT c CHECK (v > 0))`,
    rows: 'INSERT INTO t (a) VALUES (1), (2)',
    keep: 'SELECT a, v, w FROM t ORDER BY a',
  },
  {
    name: 'fills what must not be null any more with its default',
    current: "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, e ENUM('x','y'))",
    desired:
      "CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL DEFAULT 7, b BIGINT NOT NULL DEFAULT 8, e ENUM('y','x') NOT NULL DEFAULT 'y')",
    rows: 'INSERT INTO t (id) VALUES (1)',
    keep: 'SELECT id FROM t',
  },
  {
    name: 'changes character sets of a table and of some columns',
    current: "CREATE TABLE t (a VARCHAR(20), b VARCHAR(20) CHARACTER SET utf8mb4, c ENUM('ä')) DEFAULT CHARSET=latin1",
    desired: "CREATE TABLE t (a VARCHAR(20), b VARCHAR(20) CHARACTER SET latin1, c ENUM('ä')) DEFAULT CHARSET=utf8mb4",
    rows: "INSERT INTO t VALUES ('ä', 'ö', 'ä')",
    keep: 'SELECT CONVERT(a USING utf8mb4), CONVERT(b USING utf8mb4), CONVERT(c USING utf8mb4) FROM t',
  },
  {
    name: 'partitions a table anew, with its primary key',
    current: 'CREATE TABLE t (id INT NOT NULL, at INT NOT NULL, PRIMARY KEY (id)) PARTITION BY HASH (id) PARTITIONS 2',
    desired: `CREATE TABLE t (id INT NOT NULL, at INT NOT NULL, PRIMARY KEY (id, at))
      PARTITION BY RANGE (at) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)`,
    rows: 'INSERT INTO t VALUES (1, 5), (2, 50)',
    keep: 'SELECT id, at FROM t ORDER BY id',
  },
  {
    name: 'takes partitions away with the column they go by',
    current:
      'CREATE TABLE t (id INT NOT NULL, at INT NOT NULL, PRIMARY KEY (id, at)) PARTITION BY HASH (at) PARTITIONS 2',
    desired: 'CREATE TABLE t (id INT NOT NULL, PRIMARY KEY (id))',
    rows: 'INSERT INTO t VALUES (1, 5), (2, 50)',
    keep: 'SELECT id FROM t ORDER BY id',
  },
  {
    name: 'adds and takes away the history of rows, named and partitioned',
    current: `CREATE TABLE t (id INT PRIMARY KEY);
      CREATE TABLE u (id INT PRIMARY KEY);
      CREATE TABLE v (id INT PRIMARY KEY) WITH SYSTEM VERSIONING;`,
    desired: `CREATE TABLE t (id INT PRIMARY KEY) WITH SYSTEM VERSIONING
        PARTITION BY SYSTEM_TIME LIMIT 100 (PARTITION h HISTORY, PARTITION c CURRENT);
      CREATE TABLE u (id INT PRIMARY KEY, b TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
        e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (b, e)) WITH SYSTEM VERSIONING;
      CREATE TABLE v (id BIGINT PRIMARY KEY, n INT NOT NULL DEFAULT 1) WITH SYSTEM VERSIONING;`,
    rows: 'INSERT INTO t VALUES (1); INSERT INTO u VALUES (2); INSERT INTO v VALUES (3)',
    keep: 'SELECT t.id, u.id, v.id FROM t, u, v',
  },
  {
    name: 'adds and takes away a period with its key',
    current: 'CREATE TABLE t (id INT, b DATE NOT NULL, e DATE NOT NULL)',
    desired:
      'CREATE TABLE t (id INT, b DATE NOT NULL, e DATE NOT NULL, PERIOD FOR p (b, e), UNIQUE KEY u (id, p WITHOUT OVERLAPS))',
    rows: "INSERT INTO t VALUES (1, '2020-01-01', '2020-01-02')",
    keep: 'SELECT id, b, e FROM t',
  },
  {
    name: 'exchanges a view and a table, with a view over both',
    current:
      'CREATE TABLE a (id INT); CREATE VIEW b AS SELECT id FROM a; CREATE VIEW top AS SELECT a.id FROM a JOIN b ON a.id = b.id',
    desired:
      'CREATE TABLE b (id INT); CREATE VIEW a AS SELECT id FROM b; CREATE VIEW top AS SELECT a.id FROM a JOIN b ON a.id = b.id',
  },
  {
    name: 'orders triggers of one moment',
    current: `CREATE TABLE t (id INT);
      CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET @a = 1;
      CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW SET @a = 2;
      CREATE TRIGGER c BEFORE INSERT ON t FOR EACH ROW SET @a = 3;`,
    desired: `CREATE TABLE t (id INT);
      CREATE TRIGGER c BEFORE INSERT ON t FOR EACH ROW SET @a = 3;
      CREATE TRIGGER d BEFORE INSERT ON t FOR EACH ROW SET @a = 4;
      CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET @a = 11;`,
  },
  {
    name: 'replaces the index that a foreign key needs, on both sides',
    current: `CREATE TABLE p (id INT NOT NULL, n INT, KEY one (id));
      CREATE TABLE c (p INT, KEY mine (p), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));`,
    desired: `CREATE TABLE p (id INT NOT NULL, n INT, UNIQUE KEY two (id, n), PRIMARY KEY (id));
      CREATE TABLE c (p INT, n INT, KEY other (p, n), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));`,
    rows: 'INSERT INTO p VALUES (1, 1); INSERT INTO c (p) VALUES (1)',
    keep: 'SELECT p.id, c.p FROM p JOIN c ON c.p = p.id',
  },
  {
    name: 'keeps an index that the server made for a foreign key beside one that serves it too',
    current: `CREATE TABLE p (id INT PRIMARY KEY);
      CREATE TABLE c (p INT, n INT, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));`,
    desired: `CREATE TABLE p (id INT PRIMARY KEY);
      CREATE TABLE c (p INT, n INT, KEY f (p), KEY pn (p, n), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));`,
  },
  {
    name: 'breaks a circle of foreign keys when it makes and drops the tables',
    current: 'CREATE TABLE other (id INT)',
    desired: `CREATE TABLE a (id INT PRIMARY KEY, b INT);
      CREATE TABLE b (id INT PRIMARY KEY, a INT, CONSTRAINT ba FOREIGN KEY (a) REFERENCES a (id));
      ALTER TABLE a ADD CONSTRAINT ab FOREIGN KEY (b) REFERENCES b (id);`,
  },
  {
    name: 'moves the name of a foreign key to another table',
    current: `CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE a (p INT, KEY p (p), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
      CREATE TABLE b (p INT, KEY p (p));`,
    desired: `CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE a (p INT, KEY p (p));
      CREATE TABLE b (p INT, KEY p (p), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));`,
  },
  {
    name: 'spells names in another case',
    current: 'CREATE TABLE t (Id INT, userName INT, KEY Ix (userName), CONSTRAINT Cc CHECK (userName > 0))',
    desired: 'CREATE TABLE t (id INT, username INT, KEY ix (username), CONSTRAINT cc CHECK (username > 0))',
    rows: 'INSERT INTO t VALUES (1, 2)',
    keep: 'SELECT id, username FROM t',
  },
  {
    name: 'takes a sequence away from a default, and changes another',
    current:
      'CREATE SEQUENCE s; CREATE SEQUENCE n INCREMENT BY 2; CREATE TABLE t (id INT DEFAULT nextval(s), x INT DEFAULT nextval(n))',
    desired:
      'CREATE SEQUENCE n START WITH 5 INCREMENT BY 3 NOCACHE CYCLE; CREATE TABLE t (id INT, x INT DEFAULT nextval(n))',
    rows: 'INSERT INTO t VALUES (1, 1)',
    keep: 'SELECT id, x FROM t',
  },
  {
    name: 'changes engine, options and comments',
    current: "CREATE TABLE t (id INT PRIMARY KEY, a TEXT) ENGINE=MyISAM CHECKSUM=1 PACK_KEYS=1 MAX_ROWS=10 COMMENT='x'",
    desired: 'CREATE TABLE t (id INT PRIMARY KEY, a TEXT) ENGINE=InnoDB ROW_FORMAT=COMPRESSED STATS_PERSISTENT=0',
    rows: "INSERT INTO t VALUES (1, 'x')",
    keep: 'SELECT id, a FROM t',
  },
  {
    name: 'goes from Aria to InnoDB',
    current: 'CREATE TABLE t (id INT PRIMARY KEY) ENGINE=Aria',
    desired: 'CREATE TABLE t (id INT PRIMARY KEY)',
    rows: 'INSERT INTO t VALUES (1)',
    keep: 'SELECT id FROM t',
  },
  {
    name: 'changes the size of the pages of a compressed table',
    current: 'CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY a (a)) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8',
    desired: 'CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY a (a))',
    rows: 'INSERT INTO t VALUES (1, 2)',
    keep: 'SELECT id, a FROM t',
  },
  {
    name: 'changes routines and events in place where it can',
    current: `CREATE PROCEDURE p(a INT) SELECT a; CREATE FUNCTION f(a INT) RETURNS INT RETURN a;
      CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1; CREATE EVENT g ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DO SELECT 1;`,
    desired: `CREATE PROCEDURE p(a INT) READS SQL DATA SQL SECURITY INVOKER COMMENT 'it''s' SELECT a;
      CREATE FUNCTION f(a BIGINT, b VARCHAR(3)) RETURNS VARCHAR(5) DETERMINISTIC RETURN a;
      CREATE EVENT e ON SCHEDULE EVERY 2 DAY ON COMPLETION PRESERVE DISABLE COMMENT 'x' DO SELECT 2;
      CREATE EVENT g ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01' ENDS '2032-01-01' DO SELECT 1;`,
  },
  {
    name: 'drops a column that a check, a default and a computed column of others named',
    current:
      'CREATE TABLE t (a INT, b INT, c INT CHECK (c <> b), d INT DEFAULT (b + 1), g INT AS (a + b) STORED, h INT AS (b) VIRTUAL, KEY bg (b, g))',
    desired:
      'CREATE TABLE t (a INT, c INT CHECK (c > 0), d INT DEFAULT (a + 1), g INT AS (a + 1) STORED, h INT AS (a) VIRTUAL, KEY bg (g))',
    rows: 'INSERT INTO t (a, c, d) VALUES (1, 2, 3)',
    keep: 'SELECT a, c, d FROM t',
  },
  {
    name: 'exchanges every column of a table',
    current: 'CREATE TABLE t (a INT PRIMARY KEY, b INT UNIQUE)',
    desired:
      'CREATE TABLE t (c INT AUTO_INCREMENT PRIMARY KEY, d INT, FULLTEXT KEY f (e), e TEXT, FULLTEXT KEY f2 (e))',
    rows: 'INSERT INTO t VALUES (1, 2)',
    keep: 'SELECT count(*) FROM t',
  },
  {
    name: 'changes the type under a computed column, an index and a view',
    current:
      'CREATE TABLE t (a INT, g INT AS (a + 1) STORED, v INT AS (a * 2) VIRTUAL, KEY v (v), KEY a (a, g)); CREATE VIEW w AS SELECT a, g, v FROM t',
    desired:
      'CREATE TABLE t (v BIGINT AS (a * 2) VIRTUAL, a BIGINT NOT NULL, g BIGINT AS (a + 1) STORED, KEY v (v), UNIQUE KEY a (a, g)); CREATE VIEW w AS SELECT g, v FROM t',
    rows: 'INSERT INTO t (a) VALUES (1), (2)',
    keep: 'SELECT a, g, v FROM t ORDER BY a',
  },
  {
    name: 'changes what a foreign key does, and the columns of one of two',
    current: `CREATE TABLE p (x INT, y INT, PRIMARY KEY (x, y), UNIQUE KEY y (y));
      CREATE TABLE c (x INT, y INT, CONSTRAINT one FOREIGN KEY (x, y) REFERENCES p (x, y), CONSTRAINT two FOREIGN KEY (y) REFERENCES p (y));`,
    desired: `CREATE TABLE p (x INT, y INT, PRIMARY KEY (y, x), KEY x (x, y));
      CREATE TABLE c (x INT, y INT, CONSTRAINT one FOREIGN KEY (x, y) REFERENCES p (x, y) ON DELETE CASCADE ON UPDATE SET NULL,
        CONSTRAINT two FOREIGN KEY (y, x) REFERENCES p (y, x));`,
    rows: 'INSERT INTO p VALUES (1, 2); INSERT INTO c VALUES (1, 2)',
    keep: 'SELECT c.x, c.y FROM c JOIN p ON p.x = c.x',
  },
]
