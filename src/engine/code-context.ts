// What a code revision gets as `m`: SQL calls, the raw client and the operations of its store. It watches that
// every call was awaited, since a forgotten `await` would commit before the work is done.
import { GodwitError } from '../core/error.ts'
import type { Direction } from '../core/revision/revision.ts'
import type { Dialect, SqlPart } from '../dialect/dialect.ts'
import type { StepRunner } from '../dialect/operations.ts'
import { BatchFailure, type Session, type SqlSession } from '../dialect/session.ts'
import type { Splitter } from '../dialect/split.ts'

type Row = Record<string, unknown>

/** The context of a code revision on a store with SQL. */
export interface RevisionContext {
  /** Runs one statement; values become parameters. @example await m.sql`UPDATE t SET a = ${1}` */
  sql<R = Row>(text: TemplateStringsArray, ...values: readonly unknown[]): Promise<R[]>
  /** Runs one statement given as text. */
  query<R = Row>(text: string, params?: readonly unknown[]): Promise<R[]>
  /** Runs a text of several statements, one by one. */
  run(text: string): Promise<void>
  /** Tells the person who runs it. */
  log(message: string): void
  /** The driver's own connection. What is done through it is not recorded step by step. */
  readonly client: unknown
  readonly database: string
  readonly dialect: string
  readonly direction: Direction
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal
}

/** What a step of a revision of code knows of its SQL. */
export interface StepStatement {
  readonly text: string
  /** It can share a transaction with its journal row. */
  readonly transactional: boolean
  readonly rebuildsTable: boolean
}

/** A `StepRunner` that is told the statement, where the step is one. */
export type CodeStep = <Result>(
  description: string,
  effect: (again: boolean) => Promise<Result>,
  statement?: StepStatement,
) => Promise<Result | undefined>

export interface CodeContextInput {
  readonly dialect: Dialect
  readonly session: Session
  readonly database: string
  readonly direction: Direction
  readonly signal: AbortSignal
  readonly revision: string
  readonly step: CodeStep
  /** The whole revision is one transaction: it must not be ended from inside. */
  readonly atomic: boolean
  log(message: string): void
}

export interface CodeContext {
  readonly m: object
  /** After the user's function returned. @throws RUN.CODE_NOT_AWAITED */
  finish(): Promise<void>
}

export function codeContext(input: CodeContextInput): CodeContext {
  const calls = watchCalls(input.revision)
  const { dialect, session } = input
  const step: StepRunner = (description, effect) => calls.watch(description, () => input.step(description, effect))
  const sql = session.sql
  const one = async <R>(text: string, params: readonly unknown[]): Promise<R[]> => {
    const known = await statementClass(input, text)
    const kind = known?.kind
    const connection = sql as NonNullable<typeof sql>
    const effect = () => connection.query<R>(text, params)
    // Reading changes nothing, so it is not a step and is done again at a resume.
    if (kind === 'query' || kind === 'session') return effect()
    const groups = dialect.capabilities.transactions && (kind === 'dml' || kind === 'ddl')
    const transactional = groups && known?.transactional === true
    const statement = { text, transactional, rebuildsTable: known?.rebuildsTable === true }
    // The session gives such a statement its own bounds, which a query would not have.
    const alone = !transactional && params.length === 0 && dialect.longWait?.(text) !== undefined
    return (await input.step(text, alone ? () => runAlone(connection, text) : effect, statement)) ?? []
  }
  const sqlMembers: Pick<RevisionContext, 'sql' | 'query' | 'run'> = {
    sql: (parts, ...values) => {
      const text = parts.reduce((all, part, index) => all + (dialect.sql?.placeholder?.(index) ?? '?') + part)
      return calls.watch(text, () => one(text, values))
    },
    query: (text, params = []) => calls.watch(text, () => one(text, params)),
    run: text =>
      calls.watch(text, async () => {
        for (const statement of await splitOf(dialect)(text)) await one(statement.text, [])
      }),
  }
  const own = {
    log: input.log,
    client: session.client,
    database: input.database,
    dialect: dialect.name,
    direction: input.direction,
    signal: input.signal,
  }
  const operations = dialect.operations?.({ session, step, signal: input.signal, direction: input.direction })
  return { m: { ...own, ...(sql ? sqlMembers : {}), ...operations }, finish: calls.finish }
}

/** @throws the driver's own error */
async function runAlone(sql: SqlSession, text: string): Promise<[]> {
  try {
    await sql.run([{ kind: 'statement', sql: text, alone: true }])
    return []
  } catch (error) {
    throw error instanceof BatchFailure ? error.cause : error
  }
}

/** Only sessions with SQL run statements, and a store with SQL can cut them. */
const splitOf = (dialect: Dialect): Splitter => (dialect.sql as SqlPart).split

async function statementClass(input: CodeContextInput, text: string) {
  const [first, second] = await splitOf(input.dialect)(text)
  if (second || first?.class.kind === 'control') {
    const what = second ? 'several statements in one call' : first?.class.command
    throw new GodwitError(second ? 'RUN.CODE_FAILED' : 'SQL.TRANSACTION_INSIDE', `${input.revision}: ${what}`, {
      why: second ? 'Each call is recorded as one step.' : 'godwit begins and ends the transaction of a revision.',
      next: [second ? 'use m.run(text) for a text of several statements' : 'remove the statement'],
    })
  }
  return first?.class
}

/** Drivers answer later, with a stack of their own: what tells the line of the user's file is who called. */
const callers = new WeakMap<object, Error>()

/** The stack of the call of the user's code that failed with `error`. */
export function callStack(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null ? callers.get(error)?.stack : undefined
}

function watchCalls(revision: string) {
  const open: {
    readonly description: string
    awaited: boolean
    settled: boolean
    readonly promise: Promise<unknown>
  }[] = []
  let closed = false
  return {
    watch<T>(description: string, start: () => Promise<T>): Promise<T> {
      const called = new Error()
      const promise = closed ? Promise.reject<T>(notAwaited(revision, description)) : start()
      const call = { description, awaited: false, settled: false, promise }
      // A call nobody awaits must not end the process by an unhandled rejection; finish() reports it.
      promise.then(
        () => (call.settled = true),
        (error: unknown) => {
          call.settled = true
          if (typeof error === 'object' && error !== null) callers.set(error, called)
        },
      )
      open.push(call)
      const mark = <A>(value: A): A => {
        call.awaited = true
        return value
      }
      return {
        // biome-ignore lint/suspicious/noThenProperty: a promise that knows whether it was awaited
        then: (done, failed) => mark(promise).then(done, failed),
        catch: failed => mark(promise).catch(failed),
        finally: done => mark(promise).finally(done),
        [Symbol.toStringTag]: 'Promise',
      }
    },
    async finish(): Promise<void> {
      closed = true
      const forgotten = open.find(call => !call.awaited || !call.settled)
      await Promise.allSettled(open.map(call => call.promise))
      if (forgotten) throw notAwaited(revision, forgotten.description)
    },
  }
}

function notAwaited(revision: string, description: string): GodwitError {
  const text = description.replace(/\s+/g, ' ').trim().slice(0, 120)
  return new GodwitError('RUN.CODE_NOT_AWAITED', `${revision} did not await a call: ${text}`, {
    why: 'Its function returned while the call was still running, so godwit could not tell whether it worked.',
    next: [`put "await" before it`, 'return Promise.all([...]) of calls that run together'],
    meta: { call: text },
  })
}
