// Decides a statement that was begun and never recorded as ended, by what the catalog said before and says now. It
// answers `unknown` wherever two pasts could have led to the same present and running it twice could do harm.
// MariaDB 10.6 and MySQL 8 carry out or take back each DDL statement whole, also across a crash ("Atomic DDL",
// MariaDB Knowledge Base; "Atomic Data Definition Statement Support", MySQL Reference Manual); of a DROP or RENAME of
// several tables MariaDB promises it for each table.
import type { Verdict } from '../recovery.ts'
import type { Session, SqlSession } from '../session.ts'
import { classify } from './classify.ts'
import { literal, quoteName } from './journal.ts'
import { readAlteration } from './recovery-alter.ts'
import { keeps, nonTransactional } from './recovery-engine.ts'
import {
  ABSENT,
  differingFacets,
  type Look,
  looksOf,
  observation,
  presence,
  readObservation,
  schemaOf,
} from './recovery-observe.ts'
import { type ObjectName, readSubject, readTokens, type Subject } from './recovery-subject.ts'
import { cut } from './split.ts'

const done = (...evidence: readonly string[]): Verdict => ({ outcome: 'done', evidence })
const notDone = (...evidence: readonly string[]): Verdict => ({ outcome: 'not-done', evidence })
const unknown = (...evidence: readonly string[]): Verdict => ({ outcome: 'unknown', evidence })

/** Has the same effect again, whatever was done before. */
const AGAIN: ReadonlySet<string> = new Set(
  (
    'SET USE PREPARE DEALLOCATE SHOW EXPLAIN DESCRIBE DESC HELP ANALYZE OPTIMIZE CHECK REPAIR CHECKSUM FLUSH CACHE ' +
    'GRANT UNLOCK START STOP'
  ).split(' '),
)

/** The verdict on one statement. */
export async function decide(session: Session, statement: string, observed: string | null): Promise<Verdict> {
  const { sql } = session
  if (sql === undefined) return unknown('the session has no SQL')
  // A transaction whose tables may not all take their changes back comes as one text.
  const statements = cut(statement).map(({ start, end }) => statement.slice(start, end))
  if (statements.length > 1) return decideRows(sql, statements)
  const { kind, command } = classify(statement)
  const subject = readSubject(statement)
  if (subject) return decideSubject(sql, subject, observed)
  const [first = '', second = ''] = readTokens(statement).map(({ value }) => value)
  if (kind === 'dml') return decideRows(sql, [statement])
  if (kind === 'query' || first === 'DO') return decideQuery(sql, statement, command)
  if (AGAIN.has(first) || (first === 'LOAD' && second === 'INDEX'))
    return notDone(`${command} has the same effect again`)
  const conditional = /^\s*(?:create|drop)\s+(?:or\s+replace\s+)?(?:user|role|server)\s+if\s/i.test(statement)
  if (conditional || (first === 'CREATE' && second === 'OR') || first === 'ALTER')
    return notDone(`${command} has the same effect again`)
  return unknown(`the catalog does not tell whether ${command} was carried out`)
}

/** Rows of statements that were no transaction with their journal row, or that a ROLLBACK does not take back. */
async function decideRows(sql: SqlSession, statements: readonly string[]): Promise<Verdict> {
  const kept = await nonTransactional(sql, statements)
  if (kept.length > 0)
    return unknown(...kept.map(({ table, engine }) => `table ${table} uses ${engine}, which takes nothing back`))
  const condition = keeps(statements)
  const [row] = condition === undefined ? [] : await sql.query(`SELECT ${condition} AS kept`)
  return unknown(
    Number(row?.['kept']) === 1
      ? 'through a trigger, a view or a function it may have written to a table whose engine takes nothing back'
      : 'whether its rows were written cannot be seen from the catalog',
  )
}

/** Reading changes nothing, except in stored functions. */
async function decideQuery(sql: SqlSession, statement: string, command: string): Promise<Verdict> {
  const tokens = readTokens(statement)
  const called = tokens.filter(({ kind }, index) => kind !== 'symbol' && tokens[index + 1]?.value === '(')
  const names = [...new Set(called.map(({ text }) => literal(text)))]
  if (names.length > 0) {
    const [found] = await sql.query(
      `SELECT routine_name AS name FROM information_schema.routines WHERE routine_type = 'FUNCTION' ` +
        `AND routine_name IN (${names.join(', ')}) AND sql_data_access NOT IN ('NO SQL', 'READS SQL DATA') LIMIT 1`,
    )
    if (found) return unknown(`it calls the function ${String(found['name'])}, which may have written rows`)
  }
  return notDone(`${command} changes nothing by itself`)
}

async function decideSubject(sql: SqlSession, subject: Subject, observed: string | null): Promise<Verdict> {
  if (subject.verb === 'TRUNCATE') return decideTruncate(sql, subject)
  const harmless = repeatable(subject)
  if (harmless !== undefined) return notDone(harmless)
  const looks = looksOf(subject)
  const before = readObservation(observed, looks)
  if (before === undefined) return unknown('nothing is known of the time before it was begun')
  const database = before.database === '' ? 'DATABASE()' : literal(before.database)
  const [row] = await sql.query(`SELECT ${observation(subject, database)} AS state`)
  const now = readObservation(row?.['state'] === null ? null : String(row?.['state']), looks)
  if (now === undefined) return unknown('the catalog gave no answer')
  const seen: Seen = { sql, subject, looks, database, before, now }
  switch (subject.verb) {
    case 'CREATE':
      return subject.index === undefined ? decideCreate(seen) : decideAlter(seen)
    case 'DROP':
      return subject.index === undefined ? decideDrop(seen) : decideAlter(seen)
    case 'RENAME':
      return decideRename(seen, subject.names)
    case 'ALTER':
      return subject.kind === 'TABLE' ? decideAlter(seen) : decideCreate(seen)
  }
}

interface Observed {
  readonly states: readonly string[]
  readonly counts: readonly string[]
}

interface Seen {
  readonly sql: SqlSession
  readonly subject: Subject
  readonly looks: readonly Look[]
  /** SQL for the schema of names without one. */
  readonly database: string
  readonly before: Observed
  readonly now: Observed
}

/** Why it may be run again without a look; undefined when it may not. */
function repeatable({ verb, kind, conditional, orReplace, index, rest, names }: Subject): string | undefined {
  const what = kind.toLowerCase()
  if (verb === 'DROP' && conditional) return `DROP ${kind} IF EXISTS has the same effect again`
  if (verb === 'CREATE' && conditional && !orReplace) return `CREATE ${kind} IF NOT EXISTS has the same effect again`
  // A table or sequence made anew would lose what was put into it since.
  if (verb === 'CREATE' && orReplace && (index !== undefined || (kind !== 'TABLE' && kind !== 'SEQUENCE')))
    return `CREATE OR REPLACE ${kind} has the same effect again`
  if (verb !== 'ALTER' || kind === 'TABLE') return undefined
  const words = rest.filter(token => token.kind === 'word').map(({ value }) => value)
  if (kind === 'SEQUENCE' && words.includes('RESTART')) return undefined
  if (kind === 'EVENT' && words.includes('RENAME')) return undefined
  return `the ${what} ${names[0]?.name} is given the same definition again`
}

const title = ({ kind, name }: Look): string =>
  `${kind.toLowerCase()} ${name.schema === undefined ? '' : `${name.schema}.`}${name.name}`

async function decideCreate({ sql, subject, looks, before, now, database }: Seen): Promise<Verdict> {
  // ALTER EVENT a RENAME TO b: what is new is the second name. ALTER SEQUENCE … RESTART has only the first.
  const at = looks.length - 1
  const look = looks[at] as Look
  const [old, recent] = [before.states[at] as string, now.states[at] as string]
  if (recent === ABSENT && old === ABSENT) return notDone(`${title(look)} does not exist`)
  if (old === ABSENT) return done(`${title(look)} exists, and did not before`)
  if (recent === ABSENT) return unknown(`${title(look)} existed before, and does not now`)
  if (subject.verb === 'ALTER') return unknown(`the catalog does not tell whether ${title(look)} was altered`)
  if (!subject.orReplace) return notDone(`${title(look)} existed before, so it cannot have been created`)
  const differing = differingFacets(old, recent)
  if (differing.length > 0) return done(`${title(look)} has other ${differing.join(' and ')} than before`)
  if (look.kind === 'TABLE' && (await isEmpty(sql, look.name, database)))
    return notDone(`${title(look)} is defined as before and is empty: making it again loses nothing`)
  return unknown(`${title(look)} is defined as before and holds rows: whether it was made anew cannot be seen`)
}

function decideDrop({ looks, before, now }: Seen): Verdict {
  const there = looks.filter((_, at) => now.states[at] !== ABSENT)
  const gone = looks.filter((_, at) => now.states[at] === ABSENT && before.states[at] !== ABSENT)
  if (there.length === 0 && gone.length > 0) return done(...gone.map(look => `${title(look)} is gone`))
  if (gone.length === 0) return notDone(...there.map(look => `${title(look)} still exists`))
  return unknown(
    ...gone.map(look => `${title(look)} is gone`),
    ...there.map(look => `${title(look)} still exists: drop it, then the step is done`),
  )
}

/** Names to definitions, carried along by each pair in order. */
function decideRename({ looks, before, now }: Seen, names: readonly ObjectName[]): Verdict {
  const key = ({ schema, name }: ObjectName) => JSON.stringify([schema ?? null, name])
  const start = new Map(looks.map((look, at) => [key(look.name), before.states[at] as string]))
  const found = new Map(looks.map((look, at) => [key(look.name), now.states[at] as string]))
  const end = new Map(start)
  for (let at = 0; at + 1 < names.length; at += 2) {
    const [from, to] = [key(names[at] as ObjectName), key(names[at + 1] as ObjectName)]
    end.set(to, end.get(from) ?? ABSENT)
    end.set(from, ABSENT)
  }
  // Names of foreign keys and the database follow the table's name, so that the constraints may read otherwise.
  const plain = (state: string | undefined) => (state ?? ABSENT).split(':').slice(0, 4).join(':')
  const equal = (one: Map<string, string>, other: Map<string, string>) =>
    [...one].every(([name, state]) => plain(state) === plain(other.get(name)))
  const evidence = [
    ...new Map(looks.map((look, at) => [key(look.name), { look, state: now.states[at] }])).values(),
  ].map(({ look, state }) => `${title(look)} ${state === ABSENT ? 'does not exist' : 'exists'}`)
  if (equal(start, end)) return unknown('the tables are defined alike: before and after look the same', ...evidence)
  if (equal(end, found)) return done(...evidence)
  if (equal(start, found)) return notDone(...evidence)
  return unknown('neither the names of before nor those of after are all there', ...evidence)
}

/** ALTER TABLE … RENAME TO, with or without other clauses: the name tells, for the statement is carried out as a whole. */
function decideMove({ looks, before, now }: Seen): Verdict {
  const evidence = looks.map((look, at) => `${title(look)} ${now.states[at] === ABSENT ? 'does not exist' : 'exists'}`)
  const moved = before.states[0] !== ABSENT && before.states[1] === ABSENT
  if (moved && now.states[0] === ABSENT && now.states[1] !== ABSENT) return done(...evidence)
  if (now.states[0] === before.states[0] && now.states[1] === before.states[1]) return notDone(...evidence)
  return unknown(...evidence)
}

async function decideAlter(seen: Seen): Promise<Verdict> {
  const { sql, subject, looks, before, now, database } = seen
  const [look] = looks as [Look]
  const [old, recent] = [before.states[0] as string, now.states[0] as string]
  const { claims, renamed, exchange, unsafe } =
    subject.index === undefined
      ? readAlteration(subject.rest)
      : {
          claims: [{ of: 'index', name: subject.index, there: subject.verb === 'CREATE' } as const],
          renamed: undefined,
          exchange: undefined,
          unsafe: undefined,
        }
  if (renamed) return decideMove(seen)
  if (exchange) return decideExchange(seen, exchange.partition)
  if (recent === ABSENT) {
    return old === ABSENT ? notDone(`${title(look)} does not exist`) : unknown(`${title(look)} is gone`)
  }
  if (old === ABSENT) return unknown(`${title(look)} exists now, and did not before`)
  const differing = differingFacets(old, recent)
  if (differing.length === 0) {
    if (unsafe !== undefined) return unknown(`the catalog does not tell whether ${unsafe} was carried out`)
    return notDone(`${title(look)} is defined as before`)
  }
  const evidence: string[] = [`${title(look)} has other ${differing.join(' and ')} than before`]
  const against: string[] = []
  const schema = schemaOf(look.name, database)
  for (const of of new Set(claims.map(claim => claim.of))) {
    const rows = await sql.query(presence(of, look.name, schema))
    const names = new Set(rows.map(row => String(row['name']).toLowerCase()))
    for (const claim of claims) {
      if (claim.of !== of) continue
      const there = names.has(claim.name.toLowerCase())
      const text = `${of} ${claim.name} ${there ? 'is there' : 'is not there'}`
      if (there === claim.there) evidence.push(text)
      else against.push(text)
    }
  }
  if (against.length > 0) return unknown(...evidence, ...against, 'somebody else may have changed the table')
  if (unsafe !== undefined) return unknown(`the catalog does not tell whether ${unsafe} was carried out`)
  return done(...evidence)
}

/** Exchanged are the rows, which the definitions do not tell; the server's counts of both sides do, where they differ. */
function decideExchange({ looks, before, now }: Seen, partition: string): Verdict {
  const [table = '', part = ''] = before.counts
  const [tableNow = '', partNow = ''] = now.counts
  const other = title(looks.at(-1) as Look)
  const evidence = `partition ${partition} is said to hold ${partNow} rows (before: ${part}), ${other} ${tableNow} (before: ${table})`
  if (table === part || [table, part, tableNow, partNow].includes(ABSENT)) return unknown(evidence)
  if (table === partNow && part === tableNow) return done(evidence)
  if (table === tableNow && part === partNow) return notDone(evidence)
  return unknown(evidence)
}

async function decideTruncate(sql: SqlSession, { names }: Subject): Promise<Verdict> {
  const [name] = names as [ObjectName]
  const empty = await isEmpty(sql, name, 'DATABASE()')
  if (empty === undefined) return unknown(`table ${name.name} cannot be read`)
  if (empty) return done(`table ${name.name} is empty`)
  return unknown(`table ${name.name} holds rows: it was not truncated, or they were written after it`)
}

/** Undefined when the table cannot be read. */
async function isEmpty(sql: SqlSession, { schema, name }: ObjectName, database: string): Promise<boolean | undefined> {
  let within = schema
  if (within === undefined) {
    const [row] = await sql.query(`SELECT ${database} AS name`)
    within = String(row?.['name'] ?? '')
  }
  try {
    const rows = await sql.query(`SELECT 1 AS found FROM ${quoteName(within)}.${quoteName(name)} LIMIT 1`)
    return rows.length === 0
  } catch {
    return undefined
  }
}
