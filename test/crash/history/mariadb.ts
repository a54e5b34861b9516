// Revisions that use everything the runner does on MariaDB, where each DDL statement commits by itself. Doing any of
// them twice fails or shows in the data.
import type { Scenario } from '../store/store.ts'

const off = '-- godwit: transaction=off\n'
const sql = (up: string, down: string, head = ''): string => `${head}-- migrate:up\n${up}\n-- migrate:down\n${down}\n`
const count = 'UPDATE counter SET n = n + 1;'
const back = 'UPDATE counter SET n = n - 1;'

const rows = (from: number, to: number, row: (n: number) => string): string =>
  Array.from({ length: to - from + 1 }, (_, index) => row(from + index)).join(', ')

const base = {
  '001_base.sql': sql(
    `CREATE TABLE counter (n int NOT NULL);
INSERT INTO counter VALUES (0);
CREATE TABLE customer (id int PRIMARY KEY, name varchar(50) NOT NULL);
CREATE TABLE log (text varchar(50));`,
    'DROP TABLE log;\nDROP TABLE customer;\nDROP TABLE counter;',
  ),
  '002_rows.sql': sql(
    `INSERT INTO customer VALUES ${rows(1, 30, n => `(${n}, 'name ${n}')`)};
INSERT INTO log VALUES ('two');
${count}`,
    `DELETE FROM customer;\nDELETE FROM log;\n${back}`,
  ),
}

const ddl = {
  ...base,
  '003_columns.sql': sql(
    `ALTER TABLE customer ADD COLUMN email varchar(80), ADD COLUMN score int NOT NULL DEFAULT 0;
UPDATE customer SET email = CONCAT(name, '@example.com');
ALTER TABLE customer ADD INDEX customer_score (score);
${count}
ALTER TABLE customer ADD UNIQUE INDEX customer_email (email);
UPDATE customer SET score = score + id;
ALTER TABLE customer MODIFY COLUMN score bigint NOT NULL DEFAULT 0;
ALTER TABLE customer CHANGE COLUMN name full_name varchar(60) NOT NULL;
${count}`,
    `${back}
ALTER TABLE customer CHANGE COLUMN full_name name varchar(50) NOT NULL;
ALTER TABLE customer DROP INDEX customer_email;
${back}
DROP INDEX customer_score ON customer;
ALTER TABLE customer DROP COLUMN score, DROP COLUMN email;`,
  ),
  '004_keys.sql': sql(
    `CREATE TABLE invoice (id int, customer int, total int, paid tinyint);
INSERT INTO invoice VALUES ${rows(1, 40, n => `(${n}, ${1 + (n % 30)}, ${n * 10}, NULL)`)};
ALTER TABLE invoice ADD CONSTRAINT invoice_customer FOREIGN KEY (customer) REFERENCES customer (id);
CREATE INDEX invoice_total ON invoice (total);
ALTER TABLE invoice ADD CONSTRAINT invoice_positive CHECK (total > 0);
${count}`,
    `${back}
ALTER TABLE invoice DROP CONSTRAINT invoice_positive;
ALTER TABLE invoice DROP FOREIGN KEY invoice_customer;
DROP TABLE invoice;`,
  ),
  '005_batches.sql': sql(
    `UPDATE invoice SET paid = 0 WHERE paid IS NULL ORDER BY id LIMIT 15;
${count}
UPDATE invoice SET paid = 0 WHERE paid IS NULL ORDER BY id LIMIT 15;
${count}
UPDATE invoice SET paid = 0 WHERE paid IS NULL;
INSERT INTO log VALUES ('five');`,
    `DELETE FROM log WHERE text = 'five';\nUPDATE invoice SET paid = NULL;\nUPDATE counter SET n = n - 2;`,
  ),
  '006_groups.sql': sql(
    `START TRANSACTION;
UPDATE invoice SET total = total + 1;
${count}
COMMIT;
ALTER TABLE invoice ADD COLUMN note text;
UPDATE invoice SET note = 'seen' WHERE id < 20;
BEGIN;
INSERT INTO log VALUES ('six');
${count}
COMMIT;`,
    `BEGIN;
UPDATE counter SET n = n - 2;
DELETE FROM log WHERE text = 'six';
COMMIT;
ALTER TABLE invoice DROP COLUMN note;
UPDATE invoice SET total = total - 1;`,
    off,
  ),
  '007_names.sql': sql(
    `RENAME TABLE log TO journal;
ALTER TABLE invoice RENAME INDEX invoice_total TO invoice_sum;
CREATE TABLE rates LIKE invoice;
INSERT INTO rates SELECT * FROM invoice;
TRUNCATE TABLE rates;
INSERT INTO rates (id, total) VALUES (1, 5);
${count}`,
    `${back}
DROP TABLE rates;
ALTER TABLE invoice RENAME INDEX invoice_sum TO invoice_total;
RENAME TABLE journal TO log;`,
  ),
}

const objects = {
  ...base,
  '010_objects.sql': sql(
    `CREATE VIEW named AS SELECT id, name FROM customer WHERE id < 10;
CREATE TRIGGER customer_log AFTER INSERT ON customer FOR EACH ROW INSERT INTO log VALUES (NEW.name);
INSERT INTO customer VALUES (900, 'late');
CREATE FUNCTION twice(a int) RETURNS int DETERMINISTIC RETURN a * 2;
CREATE OR REPLACE VIEW named AS SELECT id, name FROM customer WHERE id < 20;
CREATE SEQUENCE ticket START WITH 100;
${count}`,
    `${back}
DROP SEQUENCE ticket;
DROP FUNCTION twice;
DELETE FROM customer WHERE id = 900;
DROP TRIGGER customer_log;
DROP VIEW named;`,
  ),
  '011_parts.sql': sql(
    `CREATE TABLE event (id int, day int) PARTITION BY RANGE (day) (PARTITION one VALUES LESS THAN (10), PARTITION two VALUES LESS THAN (20));
INSERT INTO event VALUES ${rows(0, 19, n => `(${n}, ${n})`)};
ALTER TABLE event ADD PARTITION (PARTITION three VALUES LESS THAN (30));
ALTER TABLE event DROP PARTITION one;
${count}
CREATE TABLE total AS SELECT count(*) AS n FROM event;
DROP TABLE total;`,
    `${back}\nDROP TABLE event;`,
  ),
  '012_procedure.sql': sql(
    `CREATE PROCEDURE bump() BEGIN UPDATE counter SET n = n + 1; COMMIT; INSERT INTO log VALUES ('bump'); END;
CALL bump();
ANALYZE TABLE customer;
OPTIMIZE TABLE customer;
${count}`,
    `UPDATE counter SET n = n - 2;\nDELETE FROM log WHERE text = 'bump';\nDROP PROCEDURE bump;`,
  ),
  '013_code.mjs': `export async function up(m) {
  await m.query('CREATE TABLE tag (name varchar(20))')
  for (const name of ['a', 'b']) await m.sql\`INSERT INTO tag VALUES (\${name})\`
  const [{ n }] = await m.query('SELECT count(*) AS n FROM tag')
  await m.query('UPDATE counter SET n = n + ?', [n])
  await m.query('ALTER TABLE tag ADD COLUMN size int')
}
export async function down(m) {
  await m.query('UPDATE counter SET n = n - 2')
  await m.query('DROP TABLE tag')
}
`,
}

export const histories = { ddl, objects, base }

const up = { verb: 'up', target: 'head' } as const
const down = { verb: 'down', target: 'base' } as const
const all: Scenario['prepare'] = async (_, run) => run(up)

export const scenarios: readonly Scenario[] = [
  { name: 'ddl-up', history: 'ddl', act: up },
  { name: 'ddl-down', history: 'ddl', prepare: all, act: down },
  { name: 'objects-up', history: 'objects', act: up },
  { name: 'objects-down', history: 'objects', prepare: all, act: down },
  { name: 'stamp', history: 'base', act: { verb: 'stamp', target: 'head' } },
  { name: 'unstamp', history: 'base', prepare: all, act: { verb: 'stamp', target: '001_base' } },
]
