// How the journal is spelt in SQLite: tables in `main`, times as ISO 8601 text in UTC by SQLite's clock.
import { JOURNAL_FORMAT, type Fence } from '../journal.ts'
import type { JournalSql, JournalTable } from '../sql/journal-sql.ts'
import { sqlJournal } from '../sql/journal.ts'
import { journalTables } from '../sql/journal-table.ts'
import { isLeaseLost } from '../sql/lease-lost.ts'
import { standardLiteral } from '../sql/literal.ts'
import { readFault } from './fault.ts'
import { processIdentity } from './process.ts'

const now = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

const table = (name: JournalTable): string => `main.godwit_${name}`

export const sqliteJournalSql: JournalSql = {
  create: [
    ...journalTables({ key: 'TEXT', text: 'TEXT', integer: 'INTEGER', boolean: 'INTEGER', time: 'TEXT' }, table),
    // Each applied revision asks for the highest sequence; without the index that reads all rows each time.
    'CREATE UNIQUE INDEX IF NOT EXISTS main.godwit_revision_sequence ON godwit_revision (sequence)',
    `INSERT INTO main.godwit_lease (id, format, fence) VALUES (1, ${JOURNAL_FORMAT}, 0) ON CONFLICT (id) DO NOTHING`,
  ],
  transactionalCreate: true,
  textType: 'TEXT',
  packed: expressions => `json_array(${expressions.join(', ')})`,
  get connection() {
    const { backend, backendStart } = processIdentity()
    return { backend: standardLiteral(backend), backendStart: standardLiteral(backendStart) }
  },
  table,
  literal: value => (typeof value === 'boolean' ? (value ? '1' : '0') : standardLiteral(value)),
  now,
  iso: column => column,
  // 2440587.5 is the Julian day of 1970-01-01; a clock that was set back must not give a negative time.
  elapsedMs: startedAtMs =>
    `max(0, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) - ${Math.trunc(startedAtMs)})`,
  fence: ({ owner, fence }: Fence) =>
    `(SELECT fence FROM main.godwit_lease WHERE id = 1 AND owner = ${standardLiteral(owner)} AND fence = ${fence})`,
  upsert(name, keyColumns, values, insertOnly = []) {
    const columns = Object.keys(values)
    const updates = columns
      .filter(column => !keyColumns.includes(column) && !insertOnly.includes(column))
      .map(column => `${column} = excluded.${column}`)
    return (
      `INSERT INTO ${table(name)} (${columns.join(', ')}) VALUES (${Object.values(values).join(', ')}) ` +
      `ON CONFLICT (${keyColumns.join(', ')}) DO UPDATE SET ${updates.join(', ')}`
    )
  },
  isMissingTable: error => /^no such table: (?:main\.)?godwit_/.test(readFault(error)?.message ?? ''),
  isFenceViolation: error =>
    isLeaseLost(error) || /NOT NULL constraint failed: godwit_\w+\.fence$/.test(readFault(error)?.message ?? ''),
}

export const sqliteJournal = sqlJournal(sqliteJournalSql)
