// A change of the journal outside of a run (stamp, repair): under the lock, in one write.
import { randomUUID } from 'node:crypto'
import type { JournalState, JournalWrite } from '../dialect/journal.ts'
import type { Session } from '../dialect/session.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { acquireLease } from './lease.ts'
import { makeJournal } from './make-journal.ts'
import { checkFormat } from './plan.ts'

export interface JournalChange<Result> {
  readonly writes: readonly JournalWrite[]
  readonly result: Result
}

/** Opens, locks, reads, lets `decide` say what to write, writes it with an audit row. No writes: no audit row. */
export async function changeJournal<Result>(
  database: EngineDatabase,
  scope: RunScope,
  verb: string,
  decide: (journal: JournalState, run: string, session: Session) => Promise<JournalChange<Result>>,
): Promise<Result> {
  const { dialect } = database
  const session = await dialect.open({ purpose: 'run', signal: scope.signal })
  try {
    const found = await dialect.journal.read(session)
    checkFormat(found)
    await makeJournal(dialect, session, found)
    const run = randomUUID()
    const lease = await acquireLease(database, session, scope, run, database.lock.waitMs)
    try {
      const journal = await dialect.journal.read(session)
      const { writes, result } = await decide(journal, run, session)
      if (writes.length > 0) {
        const start: JournalWrite = {
          type: 'run-start',
          run: { id: run, verb, by: scope.operator.by, tool: scope.operator.tool },
        }
        const end: JournalWrite = { type: 'run-end', run, ok: true, ...changed(writes), error: undefined }
        await dialect.journal.write(session, lease.fence, [start, ...writes, end])
      }
      return result
    } finally {
      await lease.release()
    }
  } finally {
    await session.close()
  }
}

function changed(writes: readonly JournalWrite[]): { applied: string[]; undone: string[] } {
  const applied: string[] = []
  const undone: string[] = []
  for (const write of writes) {
    if (write.type === 'applied') applied.push(write.id)
    if (write.type === 'undone') undone.push(write.id)
  }
  return { applied, undone }
}
