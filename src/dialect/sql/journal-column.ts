// Which column a journal lacks: asked only when it cannot be read, one column after the other, in plain SQL.
import type { GodwitError } from '../../core/error.ts'
import type { SqlSession } from '../session.ts'
import { damaged } from './journal-row.ts'
import type { JournalSql, JournalTable } from './journal-sql.ts'
import { stepColumns2 } from './journal-table.ts'

const columns = {
  lease: 'id format owner holder backend backend_start fence acquired_at heartbeat_at expires_at',
  revision: 'id checksum file_hash source applied_at ms statements kind applied_by tool run sequence fence',
  step: 'revision direction done running total hashes started_at error fence',
} as const satisfies Partial<Record<JournalTable, string>>

/** JOURNAL.DAMAGED for the first column that is missing; undefined when all are there, or nothing can be asked. */
export async function missingColumn(
  sql: JournalSql,
  connection: SqlSession,
  format: number | undefined,
): Promise<GodwitError | undefined> {
  const works = (query: string): Promise<boolean> =>
    connection.query(query).then(
      () => true,
      () => false,
    )
  for (const [table, names] of Object.entries(columns) as [keyof typeof columns, string][]) {
    const from = `FROM ${sql.table(table)} WHERE 1 = 0`
    if (!(await works(`SELECT 1 AS one ${from}`))) return undefined
    const expected = [...names.split(' '), ...(table === 'step' && format !== 1 ? stepColumns2 : [])]
    for (const column of expected) {
      if (!(await works(`SELECT ${column} ${from}`)))
        return damaged(`godwit_${table}`, '*', `the column ${column} is missing`)
    }
  }
  return undefined
}
