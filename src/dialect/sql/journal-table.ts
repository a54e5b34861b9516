// The tables of the journal, written once for all SQL stores: a dialect gives its type names, gets its DDL.
import type { JournalTable } from './journal-sql.ts'

/** Type names of a store. */
export interface JournalTypes {
  /** Short text that can be a primary key: `text`, `varchar(255)`. */
  readonly key: string
  /** Text of up to 262,144 characters and more: `text`, `longtext`. */
  readonly text: string
  /** 64-bit integer. */
  readonly integer: string
  readonly boolean: string
  /** Point in time with milliseconds or better. */
  readonly time: string
  /** After the closing parenthesis: `STRICT`, `ENGINE=InnoDB …`; default nothing. */
  readonly suffix?: string
  /** Makes the lease's fence a UNIQUE column (see the PostgreSQL dialect for why). Default false. */
  readonly uniqueFence?: boolean
}

/** Columns of the step table that format 1 did not have: texts that may be NULL. */
export const stepColumns2 = ['observed', 'backend', 'backend_start'] as const

/** CREATE TABLE IF NOT EXISTS for the four tables. The insert of lease row 1 is the dialect's own. */
export function journalTables(types: JournalTypes, table: (name: JournalTable) => string): string[] {
  const { key, text, integer, boolean, time } = types
  const create = (name: JournalTable, columns: readonly string[]): string =>
    `CREATE TABLE IF NOT EXISTS ${table(name)} (\n  ${columns.join(',\n  ')}\n)${types.suffix ? ` ${types.suffix}` : ''}`
  return [
    create('revision', [
      `id ${key} NOT NULL PRIMARY KEY`,
      `checksum ${text}`,
      `file_hash ${text}`,
      `source ${text}`,
      `applied_at ${time} NOT NULL`,
      `ms ${integer} NOT NULL`,
      `statements ${integer} NOT NULL`,
      `kind ${text} NOT NULL`,
      `applied_by ${text} NOT NULL`,
      `tool ${text} NOT NULL`,
      `run ${text} NOT NULL`,
      // The index makes the next number and the latest row cost the same on 10 and on 10,000 rows.
      `sequence ${integer} NOT NULL UNIQUE`,
      `fence ${integer} NOT NULL`,
    ]),
    create('run', [
      `id ${key} NOT NULL PRIMARY KEY`,
      `verb ${text} NOT NULL`,
      `started_at ${time} NOT NULL`,
      // NULL must be allowed by name: some servers make the first timestamp columns NOT NULL by themselves.
      `ended_at ${time} NULL`,
      `run_by ${text} NOT NULL`,
      `tool ${text} NOT NULL`,
      `ok ${boolean}`,
      `applied ${text}`,
      `undone ${text}`,
      `error ${text}`,
      `fence ${integer} NOT NULL`,
    ]),
    create('step', [
      `revision ${key} NOT NULL PRIMARY KEY`,
      `direction ${text} NOT NULL`,
      `done ${integer} NOT NULL`,
      `running ${integer}`,
      `total ${integer} NOT NULL`,
      `hashes ${text} NOT NULL`,
      `started_at ${time} NOT NULL`,
      `error ${text}`,
      `fence ${integer} NOT NULL`,
      ...stepColumns2.map(column => `${column} ${text}`),
    ]),
    create('lease', [
      `id ${integer} NOT NULL PRIMARY KEY`,
      `format ${integer} NOT NULL`,
      `owner ${text}`,
      `holder ${text}`,
      `backend ${text}`,
      `backend_start ${text}`,
      `fence ${integer} NOT NULL${types.uniqueFence ? ' UNIQUE' : ''}`,
      `acquired_at ${time} NULL`,
      `heartbeat_at ${time} NULL`,
      `expires_at ${time} NULL`,
    ]),
  ]
}
