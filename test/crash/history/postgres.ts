// Revisions that use everything the runner does on PostgreSQL. Doing any of them twice shows in the data: rows have no
// keys and counters only count up.
import type { Scenario } from '../store/store.ts'

const off = '-- godwit: transaction=off\n'
const sql = (up: string, down: string, head = ''): string => `${head}-- migrate:up\n${up}\n-- migrate:down\n${down}\n`
const count = 'UPDATE counter SET n = n + 1;'

/** Atomic revisions, which share messages. */
const atomic = {
  '001_base.sql': sql(
    `CREATE TABLE counter (n int NOT NULL);
INSERT INTO counter VALUES (0);
CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, email text);
CREATE TABLE log (text text);
CREATE SEQUENCE ticket START 100;`,
    'DROP SEQUENCE ticket;\nDROP TABLE log;\nDROP TABLE customer;\nDROP TABLE counter;',
  ),
  '002_rows.sql': sql(
    `INSERT INTO customer SELECT n, 'name ' || n, 'mail' || n || '@example.com' FROM generate_series(1, 40) n;
INSERT INTO log VALUES ('two');
${count}`,
    "DELETE FROM customer;\nINSERT INTO log VALUES ('not two');\nUPDATE counter SET n = n - 1;",
  ),
  '003_mixed.sql': sql(
    `ALTER TABLE customer ADD COLUMN score int NOT NULL DEFAULT 0;
UPDATE customer SET score = score + id;
CREATE VIEW best AS SELECT name, score FROM customer WHERE score > 10;
CREATE FUNCTION double(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
COMMENT ON TABLE customer IS 'people who pay';
${count}`,
    'DROP FUNCTION double(int);\nDROP VIEW best;\nALTER TABLE customer DROP COLUMN score;\nUPDATE counter SET n = n - 1;',
  ),
  '004_enum.sql': sql(
    `CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE feeling (mood mood, at int);
INSERT INTO feeling VALUES ('good', 1), ('bad', 2);`,
    'DROP TABLE feeling;\nDROP TYPE mood;',
  ),
}

/** Revisions that are run unit by unit. */
const units = {
  '010_units.sql': sql(
    `CREATE TABLE invoice (id int, customer int, total int);
INSERT INTO invoice SELECT n, 1 + n % 40, n FROM generate_series(1, 60) n;
CREATE INDEX CONCURRENTLY invoice_total ON invoice (total);
${count}
CREATE UNIQUE INDEX CONCURRENTLY invoice_id ON invoice (id);
INSERT INTO log VALUES ('ten');`,
    `DELETE FROM log WHERE text = 'ten';
DROP INDEX CONCURRENTLY invoice_id;
UPDATE counter SET n = n - 1;
DROP INDEX CONCURRENTLY invoice_total;
DROP TABLE invoice;`,
    off,
  ),
  '011_batches.sql': sql(
    `BEGIN;
ALTER TABLE invoice ADD COLUMN paid boolean;
${count}
COMMIT;
UPDATE invoice SET paid = false WHERE id <= 20 AND paid IS NULL;
${count}
UPDATE invoice SET paid = false WHERE id <= 40 AND paid IS NULL;
${count}
BEGIN;
UPDATE invoice SET paid = false WHERE paid IS NULL;
INSERT INTO log VALUES ('eleven');
COMMIT;`,
    `DELETE FROM log WHERE text = 'eleven';
BEGIN;
UPDATE counter SET n = n - 3;
ALTER TABLE invoice DROP COLUMN paid;
COMMIT;`,
    off,
  ),
  '012_reindex.sql': sql(
    `REINDEX INDEX CONCURRENTLY invoice_total;
${count}
REINDEX TABLE CONCURRENTLY customer;
VACUUM (ANALYZE) invoice;`,
    'UPDATE counter SET n = n - 1;\nREINDEX TABLE CONCURRENTLY invoice;',
    off,
  ),
  '013_not_valid.sql': sql(
    `ALTER TABLE invoice ADD CONSTRAINT invoice_customer FOREIGN KEY (customer) REFERENCES customer (id) NOT VALID;
ALTER TABLE invoice VALIDATE CONSTRAINT invoice_customer;
ALTER TABLE invoice ADD CONSTRAINT invoice_positive CHECK (total > 0) NOT VALID;
${count}
ALTER TABLE invoice VALIDATE CONSTRAINT invoice_positive;`,
    `ALTER TABLE invoice DROP CONSTRAINT invoice_positive;
UPDATE counter SET n = n - 1;
ALTER TABLE invoice DROP CONSTRAINT invoice_customer;`,
    off,
  ),
  '014_parts.sql': sql(
    `CREATE TABLE event (id int, day int) PARTITION BY RANGE (day);
CREATE TABLE event_one PARTITION OF event FOR VALUES FROM (0) TO (10);
CREATE TABLE event_two PARTITION OF event FOR VALUES FROM (10) TO (20);
INSERT INTO event SELECT n, n FROM generate_series(0, 19) n;`,
    'DROP TABLE event;',
  ),
  '015_detach.sql': sql(
    `ALTER TABLE event DETACH PARTITION event_one CONCURRENTLY;
${count}
DROP INDEX CONCURRENTLY invoice_total;`,
    `CREATE INDEX CONCURRENTLY invoice_total ON invoice (total);
UPDATE counter SET n = n - 1;
ALTER TABLE event ATTACH PARTITION event_one FOR VALUES FROM (0) TO (10);`,
    off,
  ),
  '016_alone.sql': sql(
    'CREATE INDEX CONCURRENTLY customer_email ON customer (email)',
    'DROP INDEX CONCURRENTLY customer_email',
  ),
}

/** Revisions in code, and what the catalog cannot decide. */
const code = {
  '020_code.mjs': `export async function up(m) {
  await m.sql\`INSERT INTO log VALUES (\${'twenty'})\`
  await m.query('CREATE TABLE tag (name text)')
  for (const name of ['a', 'b', 'c']) await m.query('INSERT INTO tag VALUES ($1)', [name])
  const [{ n }] = await m.query('SELECT count(*)::int AS n FROM tag')
  await m.query('UPDATE counter SET n = n + $1', [n])
}
export async function down(m) {
  await m.query('UPDATE counter SET n = n - 3')
  await m.query('DROP TABLE tag')
  await m.query("DELETE FROM log WHERE text = 'twenty'")
}
`,
  '021_steps.mjs': `export const transaction = 'off'
export async function up(m) {
  await m.query('CREATE TABLE seen (name text)')
  await m.query("INSERT INTO seen VALUES ('one')")
  await m.query('UPDATE counter SET n = n + 1')
  await m.query('CREATE INDEX CONCURRENTLY seen_name ON seen (name)')
}
export async function down(m) {
  await m.query('DROP INDEX CONCURRENTLY seen_name')
  await m.query('UPDATE counter SET n = n - 1')
  await m.query('DROP TABLE seen')
}
`,
  '022_procedure.sql': sql(
    `CREATE PROCEDURE twice() LANGUAGE plpgsql AS $$ BEGIN
  UPDATE counter SET n = n + 1;
  COMMIT;
  INSERT INTO log VALUES ('procedure');
END $$;`,
    'DROP PROCEDURE twice();',
  ),
  '023_call.sql': sql(
    `CALL twice();
${count}`,
    "DELETE FROM log WHERE text = 'procedure';\nUPDATE counter SET n = n - 2;",
    off,
  ),
}

const base = { '001_base.sql': atomic['001_base.sql'], '002_rows.sql': atomic['002_rows.sql'] }

export const histories = {
  atomic,
  units: { ...base, ...units },
  code: { ...base, ...code },
}

const up = { verb: 'up', target: 'head' } as const
const down = { verb: 'down', target: 'base' } as const
const all: Scenario['prepare'] = async (_, run) => run(up)

export const scenarios: readonly Scenario[] = [
  { name: 'atomic-up', history: 'atomic', act: up },
  { name: 'atomic-down', history: 'atomic', prepare: all, act: down },
  { name: 'units-up', history: 'units', act: up },
  { name: 'units-down', history: 'units', prepare: all, act: down },
  { name: 'code-up', history: 'code', act: up },
  { name: 'code-down', history: 'code', prepare: all, act: down },
  { name: 'stamp', history: 'atomic', act: { verb: 'stamp', target: 'head' } },
  { name: 'unstamp', history: 'atomic', prepare: all, act: { verb: 'stamp', target: '002_rows' } },
]
