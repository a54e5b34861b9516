// Revisions that use everything the runner does on SQLite: plain DDL, rows, a rebuild with children that a cascade would
// delete, units outside of a transaction, code. Doing any of them twice shows in the data.
import type { Scenario } from '../store/store.ts'

const off = '-- godwit: transaction=off\n'
const sql = (up: string, down: string, head = ''): string => `${head}-- migrate:up\n${up}\n-- migrate:down\n${down}\n`
const count = 'UPDATE counter SET n = n + 1;'
const back = 'UPDATE counter SET n = n - 1;'

const rows = (from: number, to: number, row: (n: number) => string): string =>
  Array.from({ length: to - from + 1 }, (_, index) => row(from + index)).join(', ')

const base = {
  '001_base.sql': sql(
    `CREATE TABLE counter (n integer NOT NULL);
INSERT INTO counter VALUES (0);
CREATE TABLE customer (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE invoice (id integer, customer integer REFERENCES customer (id) ON DELETE CASCADE, total integer);
CREATE TABLE line (invoice integer, customer integer REFERENCES customer (id) ON DELETE SET NULL, text text);`,
    'DROP TABLE line;\nDROP TABLE invoice;\nDROP TABLE customer;\nDROP TABLE counter;',
  ),
  '002_rows.sql': sql(
    `INSERT INTO customer VALUES ${rows(1, 40, n => `(${n}, 'name ${n}')`)};
INSERT INTO invoice VALUES ${rows(1, 80, n => `(${n}, ${1 + (n % 40)}, ${n * 10})`)};
INSERT INTO line VALUES ${rows(1, 50, n => `(${n}, ${1 + (n % 40)}, 'line ${n}')`)};
${count}`,
    `DELETE FROM line;\nDELETE FROM invoice;\nDELETE FROM customer;\n${back}`,
  ),
}

const main = {
  ...base,
  '003_rebuild.sql': sql(
    `CREATE TABLE customer_new (id integer PRIMARY KEY, name text NOT NULL, email text DEFAULT 'none');
INSERT INTO customer_new (id, name) SELECT id, name FROM customer;
DROP TABLE customer;
ALTER TABLE customer_new RENAME TO customer;
CREATE INDEX customer_email ON customer (email);
${count}`,
    `${back}
DROP INDEX customer_email;
ALTER TABLE customer DROP COLUMN email;`,
  ),
  '004_objects.sql': sql(
    `CREATE VIEW rich AS SELECT customer, sum(total) AS total FROM invoice GROUP BY customer;
CREATE TABLE log (text text);
CREATE TRIGGER invoice_log AFTER INSERT ON invoice BEGIN INSERT INTO log VALUES ('invoice ' || new.id); END;
INSERT INTO invoice VALUES (900, 1, 5);
CREATE UNIQUE INDEX invoice_id ON invoice (id);`,
    'DELETE FROM invoice WHERE id = 900;\nDROP INDEX invoice_id;\nDROP TRIGGER invoice_log;\nDROP TABLE log;\nDROP VIEW rich;',
  ),
  '005_units.sql': sql(
    `CREATE TABLE a (n integer);
INSERT INTO a VALUES (1);
${count}
VACUUM;
PRAGMA user_version = 7;
INSERT INTO a VALUES (2);
BEGIN;
ALTER TABLE a ADD COLUMN text text;
UPDATE a SET text = 'both';
${count}
COMMIT;
UPDATE a SET n = n + 10;`,
    `BEGIN;
${back}
${back}
COMMIT;
PRAGMA user_version = 0;
VACUUM;
DROP TABLE a;`,
    off,
  ),
  '006_code.mjs': `export async function up(m) {
  await m.query('CREATE TABLE tag (name text)')
  for (const name of ['a', 'b', 'c']) await m.sql\`INSERT INTO tag VALUES (\${name})\`
  const [{ n }] = await m.query('SELECT count(*) AS n FROM tag')
  await m.query('UPDATE counter SET n = n + ?', [n])
}
export async function down(m) {
  await m.query('UPDATE counter SET n = n - 3')
  await m.query('DROP TABLE tag')
}
`,
  '007_steps.mjs': `export const transaction = 'off'
export async function up(m) {
  await m.query('CREATE TABLE seen (name text)')
  await m.query("INSERT INTO seen VALUES ('one')")
  await m.query('UPDATE counter SET n = n + 1')
}
export async function down(m) {
  await m.query('UPDATE counter SET n = n - 1')
  await m.query('DROP TABLE seen')
}
`,
}

export const histories = { main, base }

const up = { verb: 'up', target: 'head' } as const
const down = { verb: 'down', target: 'base' } as const
const all: Scenario['prepare'] = async (_, run) => run(up)

export const scenarios: readonly Scenario[] = ['wal', 'delete'].flatMap(variant => [
  { name: `${variant}-up`, history: 'main', act: up, variant, ...(variant === 'delete' ? { thorough: true } : {}) },
  {
    name: `${variant}-down`,
    history: 'main',
    prepare: all,
    act: down,
    variant,
    ...(variant === 'delete' ? { thorough: true } : {}),
  },
  { name: `${variant}-stamp`, history: 'base', act: { verb: 'stamp', target: 'head' } as const, variant },
])
