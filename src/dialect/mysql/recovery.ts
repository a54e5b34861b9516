// What the server can tell after a runner died: whether its thread still works, and, from information_schema, whether
// a statement that commits by itself was carried out. `#sql-…` files of a broken ALTER are the server's own business:
// it removes or completes them when it starts ("Atomic DDL", MariaDB Knowledge Base), so there is nothing to clean up.
import { shownQuery, shownText } from '../blocker.ts'
import type { Recovery, Survivor } from '../recovery.ts'
import type { Session, SessionIdentity, SqlSession } from '../session.ts'
import { classify } from './classify.ts'
import { driverError } from './error.ts'
import { literal, LOCKED, SERVER } from './journal.ts'
import { lockName } from './lock.ts'
import { decide } from './recovery-decide.ts'
import { keeps } from './recovery-engine.ts'
import { observation } from './recovery-observe.ts'
import { readSubject, readTokens } from './recovery-subject.ts'

/** What a MySQL or MariaDB server can tell; `database` is the one that holds the journal. */
export function recovery(database: string, secrets: readonly string[] = []): Recovery {
  const name = literal(lockName(database))
  return {
    survivor: (session, identity) => survivor(session, identity, name, secrets),
    end: (session, identity) => end(session, identity, name),
    observe(statement) {
      const subject = readSubject(statement)
      return subject === undefined || subject.verb === 'TRUNCATE' ? undefined : observation(subject)
    },
    decide,
    keeps,
    sessionBound,
  }
}

/**
 * A thread number counts only on the server, and the start of that server, it was given on. The named lock tells of a
 * thread also where the account may not see it in the list.
 */
async function survivor(
  session: Session,
  identity: SessionIdentity,
  lock: string,
  secrets: readonly string[],
): Promise<Survivor | undefined> {
  const { sql } = session
  const { backend } = identity
  if (sql === undefined || !/^\d+$/.test(backend)) return undefined
  const start = identity.backendStart.endsWith(LOCKED)
    ? identity.backendStart.slice(0, -LOCKED.length)
    : identity.backendStart
  const [here, threads] = await sql.queryAll([
    `SELECT ${SERVER} = ${literal(start)} AS same, ${backend} = CONNECTION_ID() AS own, ` +
      `COALESCE(IS_USED_LOCK(${lock}) = ${backend}, 0) AS locked`,
    `SELECT COMMAND AS command, LEFT(INFO, 2000) AS info, TIME_MS AS ms FROM ${LIST} WHERE ID = ${backend}`,
  ])
  const facts = here?.[0]
  if (Number(facts?.['same']) !== 1 || Number(facts?.['own']) === 1) return undefined
  const thread = threads?.[0]
  if (thread === undefined)
    return Number(facts?.['locked']) === 1 ? { statement: undefined, forMs: undefined } : undefined
  const idle = thread['command'] === 'Sleep'
  const info = shownText(String(thread['info'] ?? ''))
  return {
    statement: info === '' ? undefined : shownQuery(info, secrets),
    forMs: Math.round(Number(thread['ms'] ?? 0)),
    ...(idle ? { idle } : {}),
  }
}

/** MySQL has no TIME_MS. */
const LIST =
  '(SELECT ID, COMMAND, INFO /*M!100000 , TIME_MS *//*!50700 , TIME * 1000 AS TIME_MS */ FROM information_schema.PROCESSLIST) p'

/** ER_NO_SUCH_THREAD; ER_KILL_DENIED_ERROR and its like. */
const GONE = 1094
const DENIED = [1095, 1045, 1142, 1227]

async function end(session: Session, identity: SessionIdentity, lock: string): Promise<boolean> {
  // Never a thread of another server that has the same number.
  if ((await survivor(session, identity, lock, [])) === undefined) return true
  try {
    // SOFT lets a repair or an index of MyISAM and Aria come to a safe end ("KILL", MariaDB Knowledge Base).
    await (session.sql as SqlSession).query(`KILL /*M!50303 SOFT */ CONNECTION ${identity.backend}`)
    return true
  } catch (error) {
    const { errno = 0 } = driverError(error)
    if (errno === GONE) return true
    if (DENIED.includes(errno)) return false
    throw error
  }
}

/** What a statement leaves in its session and godwit does not make again there. */
function sessionBound(statement: string): string | undefined {
  const subject = readSubject(statement)
  if (subject?.verb === 'CREATE' && subject.temporary)
    return `the temporary ${subject.kind.toLowerCase()} ${subject.names[0]?.name}`
  const { kind } = classify(statement)
  const tokens = readTokens(statement)
  if (tokens[0]?.value === 'HANDLER' && tokens.some(({ value }) => value === 'OPEN')) return 'an open HANDLER'
  // Statements that only set something are sent again.
  if (kind === 'session' || kind === 'ddl') return undefined
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1]
    if (token.kind !== 'symbol' || token.value !== '@' || next === undefined || next.value === '@') continue
    const [colon, equals] = [tokens[at + 2], tokens[at + 3]]
    const assigned = colon?.value === ':' && equals?.value === '='
    const before = tokens[at - 1]
    const into = before?.kind === 'word' && before.value === 'INTO'
    if (assigned || into) return `the variable @${next.text}`
  }
  return undefined
}
