// Makes the journal's tables where they are missing. A refusal says what was being made: people who run their first
// revision have never heard of these tables.
import { GodwitError } from '../core/error.ts'
import { sentences } from '../core/sentence.ts'
import type { Dialect } from '../dialect/dialect.ts'
import type { JournalState } from '../dialect/journal.ts'
import type { Session } from '../dialect/session.ts'
import { knownError } from './known-error.ts'

/** @throws GodwitError of the store, with what it was that failed */
export async function makeJournal(dialect: Dialect, session: Session, found: JournalState): Promise<void> {
  if (found.initialised) return
  try {
    await dialect.journal.ensure(session)
  } catch (cause) {
    const error = knownError(dialect, cause)
    throw new GodwitError(error.code, error.message, {
      why: sentences(
        error.why,
        'godwit was making its journal in this database for the first run. No revision was run.',
      ),
      next: error.next,
      ...(error.where ? { where: error.where } : {}),
      meta: error.meta,
      cause,
    })
  }
}
