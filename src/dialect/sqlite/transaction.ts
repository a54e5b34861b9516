// Transactions as godwit needs them: the write lock first, foreign keys off before a rebuild and checked after it.
import { GodwitError } from '../../core/error.ts'
import type { BatchItem } from '../session.ts'
import { untilFree } from './busy.ts'
import type { SqliteConnection } from './driver/driver.ts'
import { enforcement } from './foreign-key.ts'
import type { Rebuilds } from './rebuild.ts'
import { refuseNewViolations, type Violations, violations } from './violation.ts'

export interface Transactions {
  /** A transaction begun here is open. */
  readonly open: boolean
  begin(item: Extract<BatchItem, { kind: 'begin' }>): Promise<void>
  /**
   * What the transaction lost besides rows, one sentence each.
   * @throws GodwitError RUN.FOREIGN_KEY_BROKEN; the transaction is rolled back then
   */
  commit(): Promise<readonly string[]>
  /** Never throws. */
  rollback(): void
  /** The engine ended the transaction by itself. */
  ended(): void
  /** Wait for locks outside of transactions, milliseconds; undefined = as configured. */
  wait(milliseconds: number | undefined): void
}

/**
 * @param busyMs longest wait for the write lock and inside a transaction
 * @param last what is written before each commit, in the same transaction
 */
export function transactions(
  connection: SqliteConnection,
  busyMs: number,
  rebuilds: Rebuilds,
  last: () => void,
): Transactions {
  let open = false
  let before: Violations | undefined
  let restore = ''

  const finish = (): void => {
    open = false
    before = undefined
    rebuilds.forget()
    const sql = restore
    restore = ''
    if (sql !== '') connection.exec(sql)
  }

  const rollback = (): void => {
    try {
      if (connection.inTransaction) connection.exec('ROLLBACK')
      finish()
    } catch {
      // a connection that is closed has nothing to roll back
    }
  }

  return {
    get open() {
      return open
    },
    async begin({ settings, hint }) {
      const wait = settings?.lockTimeoutMs ?? busyMs
      const keep = hint?.rebuildsTables === true && enforcement(connection)
      if (wait !== busyMs) restore = `PRAGMA busy_timeout=${busyMs};`
      try {
        if (keep) {
          restore += 'PRAGMA foreign_keys=ON;'
          turnOff(connection)
        }
        await takeWriteLock(connection, wait)
      } catch (error) {
        finish()
        throw error
      }
      open = true
      if (keep) before = violations(connection)
    },
    async commit() {
      let lost: readonly string[] = []
      try {
        if (before !== undefined) refuseNewViolations(connection, before)
        lost = rebuilds.lost()
      } catch (error) {
        rollback()
        throw error
      }
      last()
      connection.exec('COMMIT')
      finish()
      return lost
    },
    rollback,
    ended: finish,
    wait(milliseconds) {
      connection.exec(`PRAGMA busy_timeout=${milliseconds ?? busyMs}`)
    },
  }
}

/** One call where nobody is in the way; else tries again without sleeping inside the engine. */
async function takeWriteLock(connection: SqliteConnection, wait: number): Promise<void> {
  let attempts = 0
  let quick = false
  try {
    await untilFree(wait, () => {
      attempts++
      connection.exec(
        attempts === 1 ? `PRAGMA busy_timeout=0;BEGIN IMMEDIATE;PRAGMA busy_timeout=${wait}` : 'BEGIN IMMEDIATE',
      )
      quick = attempts === 1
    })
  } finally {
    if (!quick) connection.exec(`PRAGMA busy_timeout=${wait}`)
  }
}

function turnOff(connection: SqliteConnection): void {
  connection.exec('PRAGMA foreign_keys=OFF')
  if (!enforcement(connection)) return
  throw new GodwitError('RUN.FOREIGN_KEY_BROKEN', 'foreign keys cannot be turned off on this connection', {
    why:
      'the revision drops or rebuilds a table, which deletes child rows while foreign keys are enforced; the ' +
      'connection ignores PRAGMA foreign_keys (a transaction is open already, or the host forbids it). Nothing was run',
  })
}
