// Revisions that use everything the runner does on DuckDB. Doing any of them twice shows in the data.
import type { Scenario } from '../store/store.ts'

const off = '-- godwit: transaction=off\n'
const sql = (up: string, down: string, head = ''): string => `${head}-- migrate:up\n${up}\n-- migrate:down\n${down}\n`
const count = 'UPDATE counter SET n = n + 1;'
const back = 'UPDATE counter SET n = n - 1;'

const base = {
  '001_base.sql': sql(
    `CREATE TABLE counter (n integer NOT NULL);
INSERT INTO counter VALUES (0);
CREATE TABLE customer (id integer, name varchar);
CREATE SCHEMA shop;
CREATE TABLE shop.invoice (id integer, customer integer, total decimal(10, 2));`,
    'DROP TABLE shop.invoice;\nDROP SCHEMA shop;\nDROP TABLE customer;\nDROP TABLE counter;',
  ),
  '002_rows.sql': sql(
    `INSERT INTO customer SELECT range, 'name ' || range FROM range(1, 2001);
INSERT INTO shop.invoice SELECT range, range % 40, range * 1.5 FROM range(1, 3001);
${count}`,
    `DELETE FROM shop.invoice;\nDELETE FROM customer;\n${back}`,
  ),
}

const main = {
  ...base,
  '003_alter.sql': sql(
    `ALTER TABLE customer ADD COLUMN email varchar;
UPDATE customer SET email = name || '@example.com' WHERE id <= 1000;
CREATE TABLE log (text varchar);
INSERT INTO log VALUES ('three');
${count}`,
    `${back}\nDROP TABLE log;\nALTER TABLE customer DROP COLUMN email;`,
  ),
  '004_objects.sql': sql(
    `CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE VIEW rich AS SELECT customer, sum(total) AS total FROM shop.invoice GROUP BY customer;
CREATE SEQUENCE ticket START 100;
CREATE MACRO double(a) AS a * 2;
CREATE INDEX customer_name ON customer (name);`,
    'DROP INDEX customer_name;\nDROP MACRO double;\nDROP SEQUENCE ticket;\nDROP VIEW rich;\nDROP TYPE mood;',
  ),
  '005_units.sql': sql(
    `CREATE TABLE a (n integer);
INSERT INTO a SELECT range FROM range(0, 500);
${count}
CHECKPOINT;
INSERT INTO a VALUES (1000);
BEGIN;
ALTER TABLE a ADD COLUMN text varchar;
UPDATE a SET text = 'both';
${count}
COMMIT;
UPDATE a SET n = n + 10;
VACUUM a;
${count}`,
    `BEGIN;
UPDATE counter SET n = n - 3;
COMMIT;
CHECKPOINT;
DROP TABLE a;`,
    off,
  ),
  '006_code.mjs': `export async function up(m) {
  await m.query('CREATE TABLE tag (name varchar)')
  for (const name of ['a', 'b', 'c']) await m.sql\`INSERT INTO tag VALUES (\${name})\`
  const [{ n }] = await m.query('SELECT count(*)::integer AS n FROM tag')
  await m.query('UPDATE counter SET n = n + $1', [n])
}
export async function down(m) {
  await m.query('UPDATE counter SET n = n - 3')
  await m.query('DROP TABLE tag')
}
`,
  '007_steps.mjs': `export const transaction = 'off'
export async function up(m) {
  await m.query('CREATE TABLE seen (name varchar)')
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

export const scenarios: readonly Scenario[] = [
  { name: 'up', history: 'main', act: up },
  { name: 'down', history: 'main', prepare: all, act: down },
  { name: 'stamp', history: 'base', act: { verb: 'stamp', target: 'head' } },
]
