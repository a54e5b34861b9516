// How MySQL and MariaDB spell the journal. Tables live in the configured database and are named with it, so that a
// USE in a revision changes nothing. Times are DATETIME(6) in UTC. The text is ASCII and free of backslashes, so that
// it means the same under every character set and SQL mode a revision may have left behind; the session makes the
// mode strict around journal items, which turns a NULL fence into an error instead of 0.
import { GodwitError } from '../../core/error.ts'
import { JOURNAL_FORMAT } from '../journal.ts'
import type { JournalSql, JournalTable } from '../sql/journal-sql.ts'
import { journalTables } from '../sql/journal-table.ts'
import { finite, withoutNul } from '../sql/literal.ts'
import { driverError } from './error.ts'

/**
 * Which server this is, and since when, so that thread numbers of another one are not taken for its own: a server that
 * is started again counts from the beginning. MySQL tells its start only where the performance schema is on: there the
 * named lock of the lease has to do.
 */
export const SERVER =
  "CONCAT(@@hostname, ':', @@port, ':', @@server_id /*M!100000 , ':', UNIX_TIMESTAMP() - (SELECT VARIABLE_VALUE FROM " +
  "information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'UPTIME') */)"
/** Ends `backend_start` of a connection that has the named lock of the lease. */
export const LOCKED = ' locked'

/** This connection, as the lease and a running step name it. */
export const CONNECTION = {
  backend: 'CAST(CONNECTION_ID() AS CHAR)',
  // Asked once for each session, with the lease.
  backendStart: `CONCAT(COALESCE(@godwit_server, ${SERVER}), IF(@godwit_lock = 1, '${LOCKED}', ''))`,
} as const

/** The journal's spelling for a database. */
export function journalSql(database: string): JournalSql {
  const table = (name: JournalTable): string => `${quoteName(database)}.${quoteName(`godwit_${name}`)}`
  return {
    create: [
      ...journalTables(
        {
          // 255 characters of four bytes fit an InnoDB key in the DYNAMIC row format.
          key: 'varchar(255)',
          text: 'longtext',
          integer: 'bigint',
          boolean: 'tinyint(1)',
          time: 'datetime(6)',
          suffix: 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
        },
        table,
      ),
      `INSERT INTO ${table('lease')} (id, format, fence) VALUES (1, ${JOURNAL_FORMAT}, 0) ON DUPLICATE KEY UPDATE id = id`,
    ],
    transactionalCreate: false,
    textType: 'longtext',
    packed: expressions => `CAST(JSON_ARRAY(${expressions.join(', ')}) AS CHAR)`,
    connection: CONNECTION,
    table,
    literal,
    now: 'UTC_TIMESTAMP(6)',
    iso: column => `CONCAT(LEFT(DATE_FORMAT(${column}, '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')`,
    // The client's clock measures; @godwit_skew, set by the session, is its distance from the server's.
    elapsedMs: startedAtMs =>
      startedAtMs > 0
        ? "GREATEST(0, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000 + " +
          `COALESCE(@godwit_skew, 0) - ${Math.trunc(startedAtMs)})`
        : '0',
    fence: ({ owner, fence }) =>
      `(SELECT fence FROM ${table('lease')} WHERE id = 1 AND owner = ${literal(owner)} AND fence = ${fence} ` +
      'LOCK IN SHARE MODE)',
    upsert(name, keyColumns, values, insertOnly = [], when) {
      const columns = Object.keys(values)
      const changed = columns.filter(column => !keyColumns.includes(column) && !insertOnly.includes(column))
      const row = Object.values(values).join(', ')
      const source = when === undefined ? `VALUES (${row})` : `SELECT ${row} FROM DUAL WHERE ${when}`
      return (
        `INSERT INTO ${table(name)} (${columns.join(', ')}) ${source} ` +
        `ON DUPLICATE KEY UPDATE ${changed.map(column => `${column} = VALUES(${column})`).join(', ')}`
      )
    },
    // ER_NO_SUCH_TABLE
    isMissingTable: error => driverError(error).errno === 1146,
    // ER_BAD_NULL_ERROR: Column 'fence' cannot be null
    isFenceViolation: error => {
      const { errno, message, journal } = driverError(error)
      return journal && errno === 1048 && message.includes("'fence'")
    },
    // ER_TABLE_EXISTS_ERROR, ER_LOCK_DEADLOCK, ER_TABLE_DEF_CHANGED
    isCreateConflict: error => [1050, 1213, 1412].includes(driverError(error).errno ?? 0),
  }
}

/** A name in backticks. @throws GodwitError CONFIG.URL_INVALID for NUL, which no name can hold */
export function quoteName(name: string): string {
  if (name.includes('\0')) throw new GodwitError('CONFIG.URL_INVALID', 'a name holds a NUL character')
  return `\`${name.replaceAll('`', '``')}\``
}

/** An SQL literal in printable ASCII without backslashes; other texts are written as their UTF-8 bytes in hex. */
export function literal(value: string | number | boolean | null): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number') return finite(value)
  const text = withoutNul(value)
  if (/^[\t\n\r\x20-\x5b\x5d-\x7e]*$/.test(text)) return `'${text.replaceAll("'", "''")}'`
  return `_utf8mb4 X'${Buffer.from(text, 'utf8').toString('hex')}'`
}
