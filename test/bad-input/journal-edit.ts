// Edits of the journal by hand, each with what godwit has to say of it. They are made on copies of the tables without
// constraints (`loosen`), as a restore with the wrong tool leaves them, so that every store lets them in.
import type { ErrorCode } from '../../src/core/error-codes.ts'
import type { BadDatabase, BadStore } from './store.ts'

export interface Edit {
  readonly name: string
  readonly table: 'revision' | 'step' | 'lease'
  /** `t`: the table; `revisions`: the one with times to copy. */
  readonly sql: (t: string, revisions: string) => string
  readonly code?: ErrorCode
  readonly says: readonly string[]
  /** Column that must take NULL. */
  readonly nullable?: string
  /** Only where a column takes any type. */
  readonly anyType?: boolean
}

const hash = 'f'.repeat(64)

/** A step row of 003_three, which has three steps; `row` holds revision, direction, done, running, total, hashes. */
const step =
  (row: string) =>
  (t: string, revisions: string): string =>
    `INSERT INTO ${t} (revision, direction, done, running, total, hashes, started_at, error, fence) ` +
    `SELECT ${row}, applied_at, NULL, 1 FROM ${revisions} WHERE id = '001_one'`

const revision = (name: string, set: string, says: Edit['says'], more: Partial<Edit> = {}): Edit => ({
  name,
  table: 'revision',
  sql: t => `UPDATE ${t} SET ${set} WHERE id = '002_two'`,
  says: ['godwit_revision', ...says],
  ...more,
})
const lease = (name: string, sql: Edit['sql'], says: Edit['says'], more: Partial<Edit> = {}): Edit => ({
  name,
  table: 'lease',
  sql,
  says: ['godwit_lease', ...says],
  ...more,
})

export const edits: readonly Edit[] = [
  revision('a sequence number twice', 'sequence = 1', ['002_two', 'sequence', 'twice']),
  revision('a sequence number below one', 'sequence = 0', ['002_two', 'sequence', 'found 0']),
  {
    ...revision('a revision twice', '', ['001_one', 'twice']),
    sql: t => `INSERT INTO ${t} SELECT * FROM ${t} WHERE id = '001_one'`,
  },
  revision('no checksum', 'checksum = NULL', ['002_two', 'checksum: found null']),
  revision('a broken checksum', "checksum = 'abc'", ['002_two', 'checksum: found "abc"']),
  revision('a broken file hash', "file_hash = 'xyz'", ['002_two', 'file_hash: found "xyz"']),
  revision('an unknown kind', "kind = 'manual'", ['002_two', 'kind: found "manual"']),
  revision('no fence', 'fence = NULL', ['002_two', 'fence: found null'], { nullable: 'fence' }),
  {
    ...revision('a missing column', '', ['the column checksum is missing']),
    sql: t => `ALTER TABLE ${t} DROP COLUMN checksum`,
  },
  ...(
    [
      ['more steps done than there are', `'003_three', 'up', 5, NULL, 3, '["${hash}"]'`, 'done: found 5'],
      ['fewer than no steps done', `'003_three', 'up', -1, NULL, 3, '[]'`, 'done: found -1'],
      ['a running step that is done', `'003_three', 'up', 2, 2, 3, '["${hash}"]'`, 'running: found 2'],
      ['a running step beyond the last', `'003_three', 'up', 3, 4, 3, '["${hash}"]'`, 'running: found 4'],
      ['a running step after one that is not done', `'003_three', 'up', 0, 2, 3, '["${hash}"]'`, 'running: found 2'],
      ['hashes that are no JSON', `'003_three', 'up', 1, NULL, 3, '["'`, 'hashes: found'],
      ['hashes that are no list', `'003_three', 'up', 1, NULL, 3, '{"a":1}'`, 'hashes: found'],
      ['an unknown direction', `'003_three', 'sideways', 1, NULL, 3, '[]'`, 'direction: found "sideways"'],
    ] as const
  ).map(
    ([name, row, says]): Edit => ({ name, table: 'step', sql: step(row), says: ['godwit_step', '003_three', says] }),
  ),
  {
    name: 'a half-done revision that is unknown',
    table: 'step',
    sql: step(`'009_ghost', 'up', 1, NULL, 3, '["${hash}"]'`),
    code: 'JOURNAL.FILE_MISSING',
    says: ['009_ghost is half done, and its file is gone', 'godwit repair --restart'],
  },
  {
    name: 'steps counted as done that were not',
    table: 'step',
    sql: step(`'003_three', 'up', 2, NULL, 3, '["${hash}"]'`),
    code: 'JOURNAL.PARTIAL_EDITED',
    says: ['003_three'],
  },
  lease('a second lease row', t => `INSERT INTO ${t} (id, format, fence) SELECT 2, format, fence + 1 FROM ${t}`, [
    'number of rows',
    'found 2',
  ]),
  lease('no lease row', t => `DELETE FROM ${t}`, ['the row is missing']),
  lease('no fence in the lease', t => `UPDATE ${t} SET fence = NULL`, ['fence: found null'], { nullable: 'fence' }),
  lease('the format 0', t => `UPDATE ${t} SET format = 0`, ['format: found 0']),
  lease('the format -1', t => `UPDATE ${t} SET format = -1`, ['format: found -1']),
  lease('no format', t => `UPDATE ${t} SET format = NULL`, ['format: found null'], { nullable: 'format' }),
  lease('a format that is text', t => `UPDATE ${t} SET format = 'two'`, ['format: found "two"'], { anyType: true }),
  lease('a missing column of the lease', t => `ALTER TABLE ${t} DROP COLUMN expires_at`, [
    'the column expires_at is missing',
  ]),
  lease('a missing table', t => `DROP TABLE ${t}`, ['the table is missing although revisions are applied']),
]

const tables = ['revision', 'step', 'lease'] as const

/** Replaces the tables of the journal by copies without constraints, and keeps what they hold. */
export async function loosen(database: BadDatabase, store: BadStore): Promise<void> {
  for (const name of tables) {
    const table = store.journal(name)
    await database.query(`CREATE TABLE ${table}_kept AS SELECT * FROM ${table}`)
    await restore(database, store, name)
  }
}

/** The table as it was before the edit. */
export async function restore(database: BadDatabase, store: BadStore, name: Edit['table']): Promise<void> {
  const table = store.journal(name)
  await database.query(`DROP TABLE IF EXISTS ${table}`)
  await database.query(`CREATE TABLE ${table} AS SELECT * FROM ${table}_kept`)
}

export async function apply(database: BadDatabase, store: BadStore, edit: Edit): Promise<void> {
  const table = store.journal(edit.table)
  // MariaDB copies NOT NULL too.
  if (edit.nullable !== undefined && store.name === 'MariaDB')
    await database.query(`ALTER TABLE ${table} MODIFY ${edit.nullable} bigint NULL`)
  await database.query(edit.sql(table, store.journal('revision')))
}
