// `godwit drift`: what the live database has that its history does not lead to, and the other way round.
// `--accept MESSAGE` writes the revision that explains it, `--revert` prints the SQL back; nothing is changed here.
import { GodwitError } from '../../core/error.ts'
import { diffSources } from '../../library/diff.ts'
import { writeGenerated } from '../../library/generate.ts'
import type { Command } from '../command.ts'
import { configuredDatabase, schemaPlace, tellNotCompared } from '../schema-call.ts'
import { changesView, diffJson, scriptText } from '../view/diff.ts'
import { writeOutcome } from '../written.ts'

export const command: Command = async call => {
  const { flags } = call
  if (flags.accept !== undefined && flags.revert)
    throw new GodwitError('CLI.USAGE_INVALID', '--accept and --revert do not go together.', {
      why: 'One takes the database as right, the other the history. Nothing was done.',
    })
  const [from, to] = flags.revert ? ['live', 'history:applied'] : ['history:applied', 'live']
  const scratch = flags.scratch === undefined ? {} : { scratch: flags.scratch }
  const diff = await diffSources({ from, to, renames: 'never', signal: call.signal, ...scratch }, schemaPlace(call))
  tellNotCompared(call, diff.notCompared)
  const data = diffJson(diff, from, to)
  if (diff.changes.length === 0)
    return { data, text: flags.revert ? '' : 'The database is what its history leads to.\n' }
  if (flags.revert) return { data, text: scriptText(diff.dialect, diff.up) }
  if (flags.accept !== undefined) {
    const { loaded } = await call.open({ offline: true })
    const result = await writeGenerated(await configuredDatabase(call), { message: flags.accept, diff })
    const outcome = writeOutcome(call, result, loaded.config.root)
    call.note('The database has these changes already: record the revision with godwit stamp, do not run it there.')
    return { ...outcome, data: { ...data, ...result } }
  }
  const error = new GodwitError(
    'SCHEMA.DRIFTED',
    `the database differs from its history in ${diff.changes.length} ${diff.changes.length === 1 ? 'place' : 'places'}`,
    {
      why: 'Someone changed it beside the revisions, or a revision does other things here than on an empty database. Nothing was changed.',
      next: ['godwit drift --accept "what happened"', 'godwit drift --revert'],
      meta: { changes: diff.changes.length },
    },
  )
  return { data, text: changesView(diff, call.style), errors: [{ error }] }
}
