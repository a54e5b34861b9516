// One connection to a DuckDB instance. Statements run on DuckDB's own threads, so they can be interrupted; a
// failed statement ends its transaction, and everything of it is undone by ROLLBACK.
import { GodwitError } from '../../core/error.ts'
import {
  BatchFailure,
  type BatchItem,
  type BatchObserver,
  type BatchSettings,
  type Session,
  type SessionIdentity,
  type SqlSession,
} from '../session.ts'
import { classify } from './classify.ts'
import type { DuckDBConnection, DuckdbModule } from './driver.ts'
import { caretOffset, messageOf } from './error.ts'
import { isConflict } from './journal.ts'
import { cut } from './lex.ts'
import { changedSetting, restoreSettings, type SavedSetting, saveSetting } from './setting.ts'
import { bindable, plainRow } from './value.ts'

export interface DuckdbSessionOptions {
  readonly identity: SessionIdentity
  readonly serverVersion: string
  /** Database and schema that unqualified names mean. */
  readonly home: string
  /** Gives the instance back. */
  release(): void
}

export interface DuckdbSession extends Session {
  /**
   * From now on each transaction writes the lease row with `sql`, before its journal rows or its commit. A transaction
   * sees the lease as it was when it began: reading the fence alone would not notice a lease that was taken since,
   * while two that write the row cannot both commit. Undefined: no longer.
   */
  renewWithCommit(renewal: LeaseRenewal | undefined): void
}

export interface LeaseRenewal {
  readonly sql: string
  /** Gives a row while the lease is ours. */
  readonly held: string
  /** A transaction that begins later than this after the last renewal asks first, milliseconds. */
  readonly everyMs: number
}

export function duckdbSession(
  module: DuckdbModule,
  connection: DuckDBConnection,
  options: DuckdbSessionOptions,
): DuckdbSession {
  const changed = new Map<string, SavedSetting>()
  let open = false
  let closed = false
  let renewal: LeaseRenewal | undefined
  let renewed = 0
  let renewedInside = false
  let outer: BatchSettings = {}
  let inner: BatchSettings = {}

  /** Runs `work` and interrupts it when the statement time-out is over. */
  const timed = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const limit = (open ? inner : outer).statementTimeoutMs
    if (limit === undefined || limit <= 0) return work()
    let over = false
    const timer = setTimeout(() => {
      over = true
      connection.interrupt()
    }, limit)
    try {
      return await work()
    } catch (error) {
      if (!over) throw error
      throw new GodwitError('RUN.STATEMENT_TIMEOUT', `the statement ran longer than ${limit} ms`, {
        why: 'it was interrupted; its transaction is rolled back',
        cause: error,
      })
    } finally {
      clearTimeout(timer)
    }
  }

  const statement = async (sql: string): Promise<number | undefined> => {
    const what = classify(sql)
    refuseControl(sql, what.kind === 'control' ? what.command : undefined)
    if (what.kind === 'session') await remember(sql)
    const result = await timed(() => connection.run(sql))
    return what.kind === 'dml' ? result.rowsChanged : undefined
  }

  const remember = async (sql: string): Promise<void> => {
    const name = changedSetting(sql)
    if (name === undefined || changed.has(name)) return
    changed.set(name, await saveSetting(connection, name, options.home))
  }

  /** @throws GodwitError LOCK.LOST when the statement gives no row, or another connection wrote the row meanwhile */
  const owned = async (sql: string): Promise<void> => {
    let cause: unknown
    try {
      const reader = await connection.runAndReadAll(sql)
      if (reader.currentRowCount > 0) return
    } catch (error) {
      if (!isConflict(error)) throw error
      cause = error
    }
    throw new GodwitError('LOCK.LOST', 'the lock was taken over by another runner, or broken by hand', {
      why: 'This runner was silent for longer than its lease lives; its transaction was rolled back',
      next: ['godwit lock status', 'godwit status'],
      ...(cause === undefined ? {} : { cause }),
    })
  }

  /** Once in each transaction, before its journal rows: a row that the other run wrote first would hide the reason. */
  const renew = async (): Promise<void> => {
    if (renewal === undefined || !open || renewedInside) return
    await owned(renewal.sql)
    renewed = performance.now()
    renewedInside = true
  }

  const step = async (item: BatchItem): Promise<number | undefined> => {
    switch (item.kind) {
      case 'begin':
        await connection.run('BEGIN TRANSACTION')
        open = true
        renewedInside = false
        inner = { ...outer, ...item.settings }
        if (renewal !== undefined && performance.now() - renewed > renewal.everyMs) await owned(renewal.held)
        return undefined
      case 'commit':
        await renew()
        await connection.run('COMMIT')
        open = false
        return undefined
      case 'statement':
        return statement(item.sql)
      case 'journal':
        await renew()
        await connection.run(item.sql)
        return undefined
      case 'settings':
        outer = { ...outer, ...item.settings }
        return undefined
      case 'reset':
        outer = {}
        await restoreSettings(connection, [...changed.values()])
        changed.clear()
        return undefined
    }
  }

  const rows = async (sql: string, params: readonly unknown[]): Promise<Record<string, unknown>[]> => {
    const what = classify(sql)
    if (what.kind === 'session') await remember(sql)
    const values = params.length === 0 ? undefined : bindable(module, params)
    const reader = await timed(() => connection.runAndReadAll(sql, values))
    return reader.getRowObjects().map(plainRow)
  }

  const rollback = async (): Promise<void> => {
    open = false
    if (closed) return
    try {
      await connection.run('ROLLBACK')
    } catch {
      // there is no transaction: a failed COMMIT has ended it already
    }
  }

  const sql: SqlSession = {
    async query<Row>(text: string, params: readonly unknown[] = []) {
      return (await rows(text, params)) as Row[]
    },
    async queryAll(texts) {
      const results: Record<string, unknown>[][] = []
      for (const text of texts) results.push(await rows(text, []))
      return results
    },
    async run(items: readonly BatchItem[], observer?: BatchObserver) {
      for (const [index, item] of items.entries()) {
        let affected: number | undefined
        try {
          affected = await step(item)
        } catch (error) {
          const text = item.kind === 'statement' || item.kind === 'journal' ? item.sql : undefined
          throw new BatchFailure(index, error, {
            offset: text === undefined ? undefined : caretOffset(text, messageOf(error)),
          })
        }
        observer?.done(index, affected)
      }
    },
    rollback,
  }

  return {
    identity: options.identity,
    sql,
    client: connection,
    renewWithCommit(next) {
      renewal = next
      renewed = performance.now()
    },
    serverVersion: options.serverVersion,
    async cancel() {
      if (!closed) connection.interrupt()
    },
    async close() {
      if (closed) return
      if (open) await rollback()
      closed = true
      try {
        connection.closeSync()
        options.release()
      } catch {
        // closing never fails for the caller
      }
    },
  }
}

/** A block that is kept whole was not looked at by the engine: a COMMIT in it would part it from its journal row. */
function refuseControl(sql: string, command: string | undefined): void {
  let found = command
  if (found === undefined && sql.includes(';') && /\b(?:commit|end|rollback|abort|begin|start)\b/i.test(sql)) {
    for (const { start, end } of cut(sql).pieces) {
      const own = classify(sql.slice(start, end))
      if (own.kind === 'control') found ??= own.command
    }
  }
  if (found === undefined) return
  throw new GodwitError('SQL.TRANSACTION_INSIDE', `${found} stands in a revision`, {
    why: 'godwit writes each revision and its journal row in one transaction; the statement was not run',
    next: [`remove the ${found}`],
  })
}
