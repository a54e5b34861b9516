// A change of the journal outside of a run (stamp, repair): under the lock, in one write.
import { randomUUID } from 'node:crypto'
import type { JournalState, JournalWrite } from '../dialect/journal.ts'
import type { Session } from '../dialect/session.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { acquireLease, type HeldLease } from './lease.ts'
import { makeJournal } from './make-journal.ts'
import { checkFormat, checkReadable } from './plan.ts'

/** The journal under the lock. */
export interface HeldJournal {
  readonly journal: JournalState
  /** Its format before it was upgraded. */
  readonly format: number
  readonly run: string
  readonly session: Session
  readonly lease: HeldLease
}

export interface JournalChange<Result> {
  readonly writes: readonly JournalWrite[]
  readonly result: Result
}

/** Opens, locks, reads, lets `decide` say what to write, writes it with an audit row. No writes: no audit row. `upgrade`: an older journal is brought to this format first. */
export async function changeJournal<Result>(
  database: EngineDatabase,
  scope: RunScope,
  verb: string,
  decide: (held: HeldJournal) => Promise<JournalChange<Result>>,
  upgrade = false,
): Promise<Result> {
  const { dialect } = database
  const session = await dialect.open({ purpose: 'run', signal: scope.signal })
  try {
    const found = await dialect.journal.read(session)
    if (upgrade) checkReadable(found)
    else checkFormat(found)
    await makeJournal(dialect, session, found)
    const run = randomUUID()
    const lease = await acquireLease(database, session, scope, run, database.lock.waitMs)
    try {
      // Not by what was found before the lock: another runner may have upgraded it meanwhile, or stopped half-way.
      if (upgrade) await dialect.journal.upgrade(session, lease.fence)
      const journal = await dialect.journal.read(session)
      const { writes, result } = await decide({ journal, format: found.format, run, session, lease })
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
