// How the journal is spelt in DuckDB: schema `godwit`, names with their database in front (a file called
// godwit.duckdb would make `godwit.x` ambiguous), times as TIMESTAMP in UTC whatever TimeZone says.
import { type Fence, JOURNAL_FORMAT } from '../journal.ts'
import type { JournalSql, JournalTable } from '../sql/journal-sql.ts'
import { journalTables } from '../sql/journal-table.ts'
import { isLeaseLost } from '../sql/lease-lost.ts'
import { standardLiteral } from '../sql/literal.ts'
import { messageOf } from './error.ts'
import { processIdentity } from './process.ts'

// now() stands still in a transaction; a version 7 UUID carries the clock of the moment it is made.
const clockMs = 'epoch_ms(uuid_extract_timestamp(uuidv7()))'

/** @param catalog name of the database, known for sure only once it is open */
export function duckdbJournalSql(catalog: () => string): JournalSql {
  const schema = (): string => `${quoted(catalog())}.godwit`
  const table = (name: JournalTable): string => `${schema()}.godwit_${name}`
  return {
    get create() {
      return [
        `CREATE SCHEMA IF NOT EXISTS ${schema()}`,
        ...journalTables(
          { key: 'VARCHAR', text: 'VARCHAR', integer: 'BIGINT', boolean: 'BOOLEAN', time: 'TIMESTAMP' },
          table,
        ),
        `INSERT INTO ${table('lease')} (id, format, fence) VALUES (1, ${JOURNAL_FORMAT}, 0) ON CONFLICT (id) DO NOTHING`,
      ]
    },
    transactionalCreate: true,
    textType: 'VARCHAR',
    get connection() {
      const { backend, backendStart } = processIdentity()
      return { backend: standardLiteral(backend), backendStart: standardLiteral(backendStart) }
    },
    table,
    literal: standardLiteral,
    now: `make_timestamp_ms(${clockMs})`,
    iso: column => `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%gZ')`,
    elapsedMs: startedAtMs => `greatest(0, ${clockMs} - ${Math.trunc(startedAtMs)})`,
    fence: ({ owner, fence }: Fence) =>
      `(SELECT fence FROM ${table('lease')} WHERE id = 1 AND owner = ${standardLiteral(owner)} AND fence = ${fence})`,
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
    isMissingTable: error =>
      /^Catalog Error: Table with name "?(?:[^"]*\.)?godwit_|^(?:Binder|Catalog) Error: Catalog "[^"]*" does not exist/.test(
        messageOf(error),
      ),
    isFenceViolation: error =>
      isLeaseLost(error) || /^Constraint Error: NOT NULL constraint failed: godwit_\w+\.fence/.test(messageOf(error)),
    isCreateConflict: isConflict,
  }
}

/** Another connection of this process was faster. */
export function isConflict(error: unknown): boolean {
  return /^TransactionContext Error: .*(?:conflict|Conflict)/.test(messageOf(error))
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
