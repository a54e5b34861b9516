// What the journal keeps of the text of a half-done revision, and the refusal of one that was edited since.
import { sha256 } from '../core/checksum.ts'
import { GodwitError } from '../core/error.ts'
import type { Revision } from '../core/revision/revision.ts'
import type { StepRow } from '../dialect/journal.ts'
import type { Unit } from './prepare.ts'

/** Entry n stands for the text of units 0 … n: one short value tells whether the done part was edited. */
export function chainHashes(units: readonly Unit[]): string[] {
  let previous = ''
  return units.map(unit => {
    previous = sha256(`${previous}\n${unit.hash}`)
    return previous
  })
}

/** @throws JOURNAL.PARTIAL_EDITED when the text of the done and begun steps is another one now */
export function refuseEdited(revision: Revision, resume: StepRow, chain: readonly string[]): void {
  const recorded = resume.hashes[0]
  if (recorded === undefined || recorded === chain[(resume.running ?? resume.done) - 1]) return
  const file = revision.file ?? revision.id
  throw new GodwitError('JOURNAL.PARTIAL_EDITED', `${revision.id} was edited in the part that is done already`, {
    why: `${resume.done} of its ${resume.total} steps were done on ${resume.startedAt}; going on with another text would leave a database that no file describes. Nothing was changed now.`,
    next: [`git checkout -- ${file}`, 'godwit repair --restart'],
    where: { file },
    meta: { revision: revision.id, done: resume.done, total: resume.total },
  })
}
