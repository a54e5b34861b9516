// Sends the items of one message or more, telling their progress and watching for locks that others hold.
import { BatchFailure, type BatchItem } from '../dialect/session.ts'
import type { Execution } from './execution.ts'
import { batchProgress, type ProgressMark } from './progress.ts'
import { type Waited, type WatchedItem, watchedProgress, watchLocks } from './watch.ts'

export interface RunItem {
  readonly item: BatchItem
  readonly mark?: ProgressMark
}

export interface ItemFailure {
  readonly error: BatchFailure
  readonly waited: Waited
}

/**
 * Undefined when all items are done. What is left of a failed transaction is for the caller, who knows whether the
 * connection is still there; any other error ends it here.
 */
export async function runItems<Item extends RunItem>(
  execution: Execution,
  items: readonly Item[],
  watchedAs: (item: Item) => WatchedItem,
): Promise<ItemFailure | undefined> {
  const { sql } = execution.session
  const progress = batchProgress(
    execution,
    items.map(item => item.mark),
  )
  const watched = items.map(watchedAs)
  const watch = watchLocks(execution, watched[0] as WatchedItem)
  try {
    progress.begin()
    await sql?.run(
      items.map(item => item.item),
      watchedProgress(progress, watch, watched),
    )
    await watch.end()
    return undefined
  } catch (error) {
    const waited = await watch.end()
    if (error instanceof BatchFailure) return { error, waited }
    await sql?.rollback()
    throw error
  }
}
