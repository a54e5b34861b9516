// Whether a pooler gives the transactions of one connection to several server connections (transaction mode).
import { literal } from './journal.ts'

/** A connection that runs several statements as one message. */
export interface Line {
  queryAll(sqls: readonly string[]): Promise<Record<string, unknown>[][]>
}

/**
 * A second connection begins a transaction: in transaction mode it gets our server connection, with the setting that
 * we made there, or it takes the place of it and our next statement runs elsewhere.
 *
 * @param open a second connection through the same pooler, if there can be one
 */
export async function isShared(
  line: Line,
  open: () => Promise<{ readonly line: Line | undefined; close(): Promise<void> } | undefined>,
): Promise<boolean> {
  const mark = `${Date.now()}-${Math.random()}`
  const where = `SELECT pg_backend_pid()::text AS pid, current_setting('godwit.session', true) AS mark`
  const [first] = (
    await line.queryAll([`SELECT pg_backend_pid()::text AS pid, set_config('godwit.session', ${literal(mark)}, false)`])
  ).flat()
  // A session-mode pool that is used up lets nobody else in: that is an answer too.
  const other = await open().catch(() => undefined)
  try {
    const elsewhere = await Promise.race([other?.line?.queryAll(['BEGIN', where]), pause()])
    const seen = elsewhere?.[1]?.[0]
    if (seen !== undefined && (seen['pid'] === first?.['pid'] || seen['mark'] === mark)) return true
    const [again] = (await line.queryAll([where])).flat()
    return again?.['pid'] !== first?.['pid'] || again?.['mark'] !== mark
  } finally {
    // Ending the connection ends its transaction too, also where the pooler still lets it wait.
    await Promise.race([other?.close(), pause()])
  }
}

/** A pool in session mode that is used up lets the second connection wait: then ours is not shared. */
function pause(): Promise<undefined> {
  return new Promise(resolve => setTimeout(resolve, 3_000, undefined).unref())
}
