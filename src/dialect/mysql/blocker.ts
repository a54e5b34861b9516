// Who keeps a thread waiting. Row locks: INNODB_LOCK_WAITS (MariaDB, MySQL 5.7) or data_lock_waits (MySQL 8), both with
// PROCESS. Metadata locks: metadata_locks of the performance schema; where it is off, the plugin METADATA_LOCK_INFO
// (MariaDB), which does not tell who waits for whom, else the oldest open transactions: possible holders, never certain.
import { type Blocker, shownQuery, shownText } from '../blocker.ts'
import type { Session, SessionIdentity, SqlSession } from '../session.ts'

/** Most blockers told. */
const MOST = 20
/** Most transactions named where the holder is not known. */
const GUESSES = 3

type Row = Record<string, unknown>

/** Who holds what `identity` waits for; empty when it waits for nobody that can be seen. */
export async function blockers(
  session: Session,
  identity: SessionIdentity,
  secrets: readonly string[],
): Promise<readonly Blocker[]> {
  const { sql } = session
  const { backend } = identity
  if (!sql || !/^\d+$/.test(backend)) return []
  const [own] = await sql.query(
    `SELECT STATE AS state, INFO AS info FROM information_schema.PROCESSLIST WHERE ID = ${backend}`,
  )
  const state = String(own?.['state'] ?? '')
  if (!/^Waiting for .*(?:lock|table flush)/i.test(state)) {
    const ids = await firstKnown(sql, rowLockHolders(backend))
    return describe(sql, ids ?? [], secrets)
  }
  const [certain, ...likely] = metadataLockHolders(backend, String(own?.['info'] ?? ''))
  const ids = await firstKnown(sql, [certain])
  if (ids !== undefined && ids.length > 0) return describe(sql, ids, secrets)
  let guesses: number[] | undefined
  for (const source of [...likely, oldestTransactions(backend)]) {
    guesses = (await firstKnown(sql, [source])) ?? guesses
    if (guesses === undefined || guesses.length === 0) continue
    const found = await describe(sql, guesses, secrets)
    return found.map(blocker => ({ ...blocker, possible: true }))
  }
  const hint = guesses === undefined ? SEES_NOTHING : SEES_NO_HOLDER
  return [{ backend: '', user: '', application: '', since: '', state: '', query: '', possible: true, hint }]
}

const SEES_NOTHING = 'GRANT PROCESS lets this account see it'
const SEES_NO_HOLDER = "MariaDB: INSTALL SONAME 'metadata_lock_info' shows it; MySQL: performance_schema=ON"

/** Ids of threads from the first source that the server has and lets this account read, and that knows somebody. */
async function firstKnown(sql: SqlSession, sources: readonly string[]): Promise<number[] | undefined> {
  let known: number[] | undefined
  for (const source of sources) {
    const rows = await sql.query(source).catch(ifAbsent)
    if (!rows) continue
    known = rows.map(row => Number(row['id'])).filter(id => id > 0)
    if (known.length > 0) break
  }
  return known
}

/** A table or column that this server has not, or that this account may not read. */
const ABSENT = [1044, 1049, 1051, 1054, 1109, 1142, 1143, 1146, 1227]

function ifAbsent(error: unknown): undefined {
  if (!ABSENT.includes(Number((error as { errno?: unknown } | null)?.errno))) throw error
}

function rowLockHolders(backend: string): string[] {
  const waits = (table: string, requesting: string, blocking: string) =>
    `SELECT DISTINCT b.trx_mysql_thread_id AS id FROM ${table} w ` +
    `JOIN information_schema.INNODB_TRX r ON r.trx_id = w.${requesting} ` +
    `JOIN information_schema.INNODB_TRX b ON b.trx_id = w.${blocking} ` +
    `WHERE r.trx_mysql_thread_id = ${backend} LIMIT ${MOST}`
  return [
    waits('information_schema.INNODB_LOCK_WAITS', 'requesting_trx_id', 'blocking_trx_id'),
    waits('performance_schema.data_lock_waits', 'REQUESTING_ENGINE_TRANSACTION_ID', 'BLOCKING_ENGINE_TRANSACTION_ID'),
  ]
}

/** Only the performance schema tells who waits for whom; the others only make it likely. */
function metadataLockHolders(backend: string, statement: string): readonly [certain: string, ...likely: string[]] {
  const text = `LOWER(CONVERT(0x${Buffer.from(statement.slice(0, 4_000)).toString('hex') || '20'} USING utf8mb4))`
  return [
    'SELECT DISTINCT t.PROCESSLIST_ID AS id FROM performance_schema.threads me ' +
      "JOIN performance_schema.metadata_locks w ON w.OWNER_THREAD_ID = me.THREAD_ID AND w.LOCK_STATUS = 'PENDING' " +
      "JOIN performance_schema.metadata_locks g ON g.LOCK_STATUS = 'GRANTED' AND g.OBJECT_TYPE = w.OBJECT_TYPE " +
      'AND g.OBJECT_SCHEMA <=> w.OBJECT_SCHEMA AND g.OBJECT_NAME <=> w.OBJECT_NAME ' +
      'AND g.OWNER_THREAD_ID <> w.OWNER_THREAD_ID ' +
      'JOIN performance_schema.threads t ON t.THREAD_ID = g.OWNER_THREAD_ID AND t.PROCESSLIST_ID IS NOT NULL ' +
      `WHERE me.PROCESSLIST_ID = ${backend} LIMIT ${MOST}`,
    // The plugin shows what is granted and not what is asked for: a holder has a lock on a table whose name stands in
    // the statement, which may be the name of a column or of a table in another database.
    'SELECT DISTINCT THREAD_ID AS id FROM information_schema.METADATA_LOCK_INFO ' +
      `WHERE THREAD_ID <> ${backend} AND (LOCK_TYPE = 'Global read lock' OR (LOCK_TYPE = 'Table metadata lock' AND ` +
      `LOCATE(LOWER(TABLE_NAME), ${text}) > 0)) LIMIT ${MOST}`,
  ]
}

const oldestTransactions = (backend: string) =>
  'SELECT trx_mysql_thread_id AS id FROM information_schema.INNODB_TRX ' +
  `WHERE trx_mysql_thread_id NOT IN (0, ${backend}) ORDER BY trx_started LIMIT ${GUESSES}`

async function describe(sql: SqlSession, ids: readonly number[], secrets: readonly string[]): Promise<Blocker[]> {
  if (ids.length === 0) return []
  const list = ids.join(', ')
  const threads = await sql.query(
    'SELECT ID AS id, USER AS user, HOST AS host, COMMAND AS command, STATE AS state, LEFT(INFO, 2000) AS info, ' +
      `UNIX_TIMESTAMP() - TIME AS since FROM information_schema.PROCESSLIST WHERE ID IN (${list})`,
  )
  // Without PROCESS nobody's transactions are shown.
  const transactions = await sql
    .query(
      'SELECT trx_mysql_thread_id AS id, UNIX_TIMESTAMP(trx_started) AS since FROM information_schema.INNODB_TRX ' +
        `WHERE trx_mysql_thread_id IN (${list})`,
    )
    .catch(ifAbsent)
  return ids.map(id => {
    const is = (row: Row) => Number(row['id']) === id
    return read(id, threads.find(is), transactions?.find(is), secrets)
  })
}

function read(id: number, thread: Row | undefined, transaction: Row | undefined, secrets: readonly string[]): Blocker {
  const text = (name: string) => shownText(String(thread?.[name] ?? ''))
  const seconds = Number((transaction ?? thread)?.['since'] ?? 0)
  const idle = text('command') === 'Sleep' && transaction ? 'idle in transaction' : ''
  return {
    backend: String(id),
    user: text('user'),
    application: text('host'),
    since: seconds > 0 ? new Date(seconds * 1_000).toISOString() : '',
    state: idle || text('state') || text('command'),
    query: shownQuery(String(thread?.['info'] ?? ''), secrets),
    end: `KILL ${id}`,
    ...(thread ? {} : { hint: SEES_NOTHING }),
  }
}
