// One open SQLite connection. Statements run in this process and block it, so a batch gives the event loop a turn
// now and then; a single statement cannot be stopped. DROP TABLE never takes child rows with it (foreign-key.ts).
import { setImmediate as turn } from 'node:timers/promises'
import { GodwitError } from '../../core/error.ts'
import {
  BatchFailure,
  type BatchItem,
  type BatchObserver,
  type Session,
  type SessionIdentity,
  type SqlSession,
} from '../session.ts'
import { firstTokens } from './classify.ts'
import type { SqliteConnection } from './driver/driver.ts'
import { withDuplicates } from './duplicate.ts'
import { faultOffset } from './error.ts'
import { readFault } from './fault.ts'
import { cut } from './lex.ts'
import { bindable } from './parameter.ts'
import { changedPragma, restorePragmas, type SavedPragma, savePragmas } from './pragma.ts'
import { rebuilds } from './rebuild.ts'
import { transactions } from './transaction.ts'

/** The event loop gets a turn when a batch has run for this long, milliseconds. */
const TURN_MS = 20

const UNTIMED = 'statement_timeout has no effect: a statement runs inside this process, and no driver can stop it'

const writes = new Set(['INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'WITH'])

export interface SqliteSessionOptions {
  readonly identity: SessionIdentity
  readonly busyMs: number
  readonly saved: readonly SavedPragma[]
  /** The connection belongs to somebody else too and stays open. */
  readonly shared: boolean
}

/** What the locker needs beyond the contract: whether the connection is in the middle of somebody's transaction. */
export interface SqliteSession extends Session {
  readonly sql: SqlSession
  readonly connection: SqliteConnection
  /**
   * From now on a transaction that ends renews the lease with its own commit, when that is due: a statement that ran
   * longer than the lease lives leaves no moment in which another runner could take it. Undefined: no longer.
   */
  renewWithCommit(renewal: LeaseRenewal | undefined): void
}

export interface LeaseRenewal {
  readonly sql: string
  /** Gives a row while the lease is ours. Asked when a transaction has the write lock, before anything else. */
  readonly held: string
  /** Not sooner than this after the last one, milliseconds. */
  readonly everyMs: number
}

export function sqliteSession(connection: SqliteConnection, options: SqliteSessionOptions): SqliteSession {
  const { identity, busyMs, saved, shared } = options
  const rebuild = rebuilds(connection)
  let renewal: LeaseRenewal | undefined
  let renewed = 0
  const renewLease = (): void => {
    if (renewal === undefined || performance.now() - renewed < renewal.everyMs) return
    connection.exec(renewal.sql)
    renewed = performance.now()
  }
  /** A runner that was paused for too long is refused before its first statement: nobody can take the lease from here on. */
  const refuseLost = (): void => {
    if (renewal === undefined || connection.all(renewal.held).length > 0) return
    transaction.rollback()
    throw new GodwitError('LOCK.LOST', 'the lock was taken over by another runner, or broken by hand', {
      why: 'This runner was silent for longer than its lease lives; the write that was next was not begun',
      next: ['godwit lock status', 'godwit status'],
    })
  }
  const transaction = transactions(connection, busyMs, rebuild, renewLease)
  const changed = new Map<string, SavedPragma>()
  let countChanges: (() => Record<string, unknown>[]) | undefined
  let untimed: string | undefined
  let running = false
  let stopping = false
  let closed = false

  /** Runs `execute` for one statement, with what godwit owes its kind before and after. */
  const guarded = <Result>(sql: string, first: string | undefined, execute: () => Result): Result => {
    if (first === 'PRAGMA') rememberPragma(sql)
    const result = first === 'DROP' || first === 'ALTER' ? rebuild.around(sql, execute) : explained(sql, first, execute)
    if (transaction.open && !connection.inTransaction) throw endedInside()
    return result
  }

  const explained = <Result>(sql: string, first: string | undefined, execute: () => Result): Result => {
    if (first !== 'CREATE') return execute()
    try {
      return execute()
    } catch (error) {
      throw withDuplicates(connection, sql, error)
    }
  }

  const endedInside = (): GodwitError => {
    transaction.ended()
    return new GodwitError('SQL.TRANSACTION_INSIDE', 'the statement ended the transaction of its revision', {
      why: 'what ran before it is committed, what follows was not run',
      next: ['godwit status', 'godwit repair'],
    })
  }

  const rememberPragma = (sql: string): void => {
    const name = changedPragma(sql)
    if (name === undefined || changed.has(name)) return
    for (const pragma of savePragmas(connection, [name])) changed.set(name, pragma)
  }

  const statement = (sql: string): number | undefined => {
    // A block that is kept whole may hold several statements; those that need a guard must be seen.
    if (sql.includes(';') && /\b(?:drop|pragma|rename)\b/i.test(sql)) {
      const { pieces } = cut(sql)
      if (pieces.length > 1) {
        for (const { start, end } of pieces) {
          const one = sql.slice(start, end)
          guarded(one, firstTokens(one, 1)[0], () => connection.exec(one))
        }
        return undefined
      }
    }
    const first = firstTokens(sql, 1)[0]
    guarded(sql, first, () => connection.exec(sql))
    if (first === undefined || !writes.has(first)) return undefined
    countChanges ??= connection.prepared('SELECT changes() AS n')
    return Number(countChanges()[0]?.['n'])
  }

  const reset = (): void => {
    restorePragmas(connection, [...changed.values()])
    changed.clear()
  }

  const step = async (item: BatchItem, observer: BatchObserver | undefined): Promise<number | undefined> => {
    switch (item.kind) {
      case 'begin':
        if (item.settings?.statementTimeoutMs !== undefined) untimed = UNTIMED
        await transaction.begin(item)
        refuseLost()
        return undefined
      case 'commit':
        for (const lost of await transaction.commit()) observer?.notice?.(lost)
        if (untimed !== undefined) observer?.notice?.(untimed)
        untimed = undefined
        return undefined
      case 'statement':
        return statement(item.sql)
      case 'journal':
        connection.exec(item.sql)
        return undefined
      case 'settings':
        transaction.wait(item.settings.lockTimeoutMs)
        return undefined
      case 'reset':
        transaction.wait(undefined)
        reset()
        return undefined
    }
  }

  const query = (sql: string, params: readonly unknown[]): Record<string, unknown>[] => {
    const values = bindable(params)
    const { pieces } = cut(sql)
    let rows: Record<string, unknown>[] = []
    if (pieces.length > 1 && values.length > 0) {
      throw new GodwitError('SQL.SYNTAX_INVALID', `parameters go with one statement, found ${pieces.length}`)
    }
    for (const { start, end } of pieces) {
      const one = sql.slice(start, end)
      rows = guarded(one, firstTokens(one, 1)[0], () => connection.all(one, values))
    }
    return rows
  }

  const sql: SqlSession = {
    async query<Row>(text: string, params: readonly unknown[] = []) {
      return query(text, params) as Row[]
    },
    async queryAll(texts) {
      return texts.map(text => connection.all(text))
    },
    async run(items: readonly BatchItem[], observer?: BatchObserver) {
      running = true
      stopping = false
      try {
        let since = performance.now()
        for (const [index, item] of items.entries()) {
          let affected: number | undefined
          try {
            if (stopping) throw new GodwitError('RUN.ABORTED', 'the run was stopped before this statement')
            affected = await step(item, observer)
          } catch (error) {
            throw failure(index, item, error)
          }
          observer?.done(index, affected)
          if (performance.now() - since > TURN_MS) {
            await turn()
            since = performance.now()
          }
        }
      } finally {
        running = false
      }
    },
    async rollback() {
      if (!closed && (transaction.open || !shared)) transaction.rollback()
    },
  }

  return {
    identity,
    sql,
    connection,
    renewWithCommit(next) {
      renewal = next
      renewed = performance.now()
    },
    client: connection.handle,
    serverVersion: `SQLite ${String(connection.all('SELECT sqlite_version() AS version')[0]?.['version'])}`,
    async cancel() {
      if (running) stopping = true
    },
    async close() {
      if (closed) return
      closed = true
      try {
        if (transaction.open) transaction.rollback()
        reset()
        restorePragmas(connection, saved)
        if (!shared) connection.close()
      } catch {
        // closing never fails for the caller
      }
    },
  }
}

function failure(index: number, item: BatchItem, error: unknown): BatchFailure {
  const fault = readFault(error)
  const offset =
    fault !== undefined && (item.kind === 'statement' || item.kind === 'journal')
      ? faultOffset(item.sql, fault.message)
      : undefined
  return new BatchFailure(index, error, { offset })
}
