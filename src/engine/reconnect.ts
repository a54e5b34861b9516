// The connection broke while a revision ran. The journal, read on a new connection, says what was committed.
import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorLocation, GodwitError } from '../core/error.ts'
import type { JournalState } from '../dialect/journal.ts'
import type { BatchFailure } from '../dialect/session.ts'
import { doneState, type Execution, settle } from './execution.ts'
import { revisionFailure } from './failure.ts'

/** Pauses before each try to connect again, ms: a server that restarts needs a few seconds. */
const PAUSES = [200, 800, 2_000, 4_000]

/** Settles what the journal proves, and returns the error of the first revision it does not prove. */
export async function settleAfterLoss(
  execution: Execution,
  works: readonly { readonly revision: { readonly id: string } }[],
  failure: BatchFailure,
  where: ErrorLocation | undefined,
): Promise<GodwitError> {
  const journal = await readAgain(execution)
  const recorded = new Set(journal?.applied.map(row => row.id))
  const ids = works.map(work => work.revision.id)
  const proved = (id: string) => journal !== undefined && recorded.has(id) === (execution.direction === 'up')
  const open = ids.findIndex(id => !proved(id))
  for (const id of open === -1 ? ids : ids.slice(0, open)) {
    settle(execution, id, doneState(execution.direction), { statements: 0, ms: 0 })
  }
  const revision = ids[open]
  if (revision === undefined) {
    return new GodwitError('CONNECT.LOST', 'the connection was lost while the server answered', {
      why: `The journal, read on a new connection, shows that ${ids.join(', ')} was committed.`,
      next: ['godwit status', execution.direction === 'up' ? 'godwit up' : 'godwit down'],
      cause: failure,
    })
  }
  const error = revisionFailure(execution, failure.cause, { revision, state: 'in-doubt', where })
  settle(execution, revision, 'in-doubt', { statements: 0, ms: 0, error })
  return error
}

async function readAgain(execution: Execution): Promise<JournalState | undefined> {
  const { dialect } = execution.database
  for (const pause of PAUSES) {
    if (execution.stop.aborted) return undefined
    await sleep(pause, undefined, { signal: execution.stop }).catch(() => undefined)
    const session = await dialect.open({ purpose: 'read' }).catch(() => undefined)
    if (!session) continue
    try {
      return await dialect.journal.read(session)
    } catch {
      // Not there yet: the next try asks again.
    } finally {
      await session.close()
    }
  }
  return undefined
}
