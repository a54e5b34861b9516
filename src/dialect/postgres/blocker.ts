// Who keeps a backend waiting: pg_blocking_pids (manual 9.27) joined to pg_stat_activity. The pids, users and
// application names are shown to everybody; state and query of other users only with pg_read_all_stats.
import { type Blocker, type LongWait, shownQuery, shownText } from '../blocker.ts'
import type { Session, SessionIdentity } from '../session.ts'

interface Row {
  readonly backend: string
  readonly user: string | null
  readonly application: string | null
  readonly since: string | null
  readonly state: string | null
  readonly query: string | null
  readonly waits: string
  readonly hidden: boolean
}

/** Most blockers asked for: behind a busy table there may be hundreds. */
const MOST = 20

const utc = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const blockersOf = (pid: string) => `
SELECT b.pid::text AS backend, a.usename::text AS "user",
  COALESCE(NULLIF(a.application_name, ''), a.backend_type) AS application,
  ${utc('COALESCE(a.xact_start, a.state_change)')} AS since, a.state,
  left(a.query, 2000) AS query, array_to_string(pg_catalog.pg_blocking_pids(b.pid), ',') AS waits,
  COALESCE(a.query = '<insufficient privilege>', true) AS hidden
FROM (SELECT DISTINCT unnest(pg_catalog.pg_blocking_pids(${pid})) AS pid) b
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid WHERE b.pid <> 0
ORDER BY a.xact_start NULLS LAST, b.pid LIMIT ${MOST}`

/** A prepared transaction has no backend: it is told as pid 0 (manual 9.27), and not which one it is. */
const preparedOf = (pid: string) => `
SELECT p.gid, p.owner::text AS owner, ${utc('p.prepared')} AS since
FROM pg_catalog.pg_prepared_xacts p
WHERE p.database = current_database() AND 0 = ANY (pg_catalog.pg_blocking_pids(${pid}))
ORDER BY p.prepared LIMIT ${MOST}`

/** Who holds what `identity` waits for; empty when it waits for nobody. `secrets` are masked in queries. */
export async function blockers(
  session: Session,
  identity: SessionIdentity,
  secrets: readonly string[],
): Promise<readonly Blocker[]> {
  const { backend } = identity
  if (!session.sql || !/^\d+$/.test(backend)) return []
  const [rows = [], prepared = []] = await session.sql.queryAll([blockersOf(backend), preparedOf(backend)])
  return [...(rows as unknown as Row[]).map(row => read(row, secrets)), ...prepared.map(readPrepared)]
}

function read(row: Row, secrets: readonly string[]): Blocker {
  const hidden = row.hidden && row.state === null
  const waitsFor = row.waits.split(',').filter(pid => pid !== '' && pid !== '0')
  return {
    backend: row.backend,
    user: shownText(row.user ?? ''),
    application: shownText(row.application ?? ''),
    since: row.since ?? '',
    state: row.state ?? '',
    query: hidden ? '' : shownQuery(row.query ?? '', secrets),
    ...(waitsFor.length === 0 ? {} : { waitsFor }),
    end: `SELECT pg_terminate_backend(${row.backend})`,
    ...(hidden ? { hint: 'its query is hidden from this user: GRANT pg_read_all_stats shows it' } : {}),
  }
}

function readPrepared(row: Record<string, unknown>): Blocker {
  const gid = String(row['gid']).replaceAll("'", "''")
  return {
    backend: '',
    user: shownText(String(row['owner'])),
    application: '',
    since: String(row['since']),
    state: 'prepared transaction',
    query: shownText(`PREPARE TRANSACTION '${gid}'`),
    possible: true,
    end: shownText(`ROLLBACK PREPARED '${gid}'`),
  }
}

const IDENTIFIER = '(?:"(?:[^"]|"")+"|[\\w$\\u0080-\\uffff]+)'
const CREATE = new RegExp(
  `\\bindex\\s+concurrently\\s+(?:if\\s+not\\s+exists\\s+)?(${IDENTIFIER})\\s+on\\s+(?:only\\s+)?(?:(${IDENTIFIER})\\s*\\.)?`,
  'i',
)

/** Does the batch lift lock_timeout around this statement? */
export const isConcurrent = (sql: string): boolean => /\bconcurrently\b/i.test(sql.slice(0, 200))

/** A statement that waits for old transactions and leaves a broken index when it is stopped (manual, CREATE INDEX). */
export function longWait(sql: string, waitMs: number): LongWait | undefined {
  if (!isConcurrent(sql)) return undefined
  const show = `psql -c "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"`
  if (/^\W*(?:\/\*[\s\S]*?\*\/\s*)?alter\b/i.test(sql)) {
    return {
      waitMs,
      leaves: 'The partition may be left half detached. The next run completes that.',
      next: [
        `psql -c "SELECT inhrelid::regclass FROM pg_inherits WHERE inhdetachpending"`,
        `psql -c "ALTER TABLE … DETACH PARTITION … FINALIZE"`,
      ],
    }
  }
  if (/\brefresh\b[\s\S]*\bconcurrently\b/i.test(sql.slice(0, 200)))
    return { waitMs, leaves: 'The view keeps its old rows.', next: [] }
  return {
    waitMs,
    leaves: 'An INVALID index may remain. The next run drops it.',
    next: [show, `psql -c ${shellQuoted(dropOf(sql))}`],
  }
}

function dropOf(sql: string): string {
  const [, name, schema] = CREATE.exec(sql) ?? []
  if (name === undefined) return 'DROP INDEX CONCURRENTLY <each index that it shows>'
  return `DROP INDEX CONCURRENTLY IF EXISTS ${schema === undefined ? '' : `${schema}.`}${name}`
}

const shellQuoted = (text: string) => (/["$`\\]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`)
