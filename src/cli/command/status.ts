// `godwit status`: what is applied and what is pending; with `--check` an exit code that says whether all is well.
import { GodwitError } from '../../core/error.ts'
import type { DatabaseStatus } from '../../engine/result.ts'
import type { Command } from '../command.ts'
import { outcomeOf, selection } from '../select.ts'
import { count, namesOf } from '../view/place.ts'
import { statusView } from '../view/status.ts'

export const command: Command = async call => {
  const { godwit, loaded } = await call.open()
  const result = await godwit.status(selection(call))
  const text = call.flags.quiet
    ? undefined
    : statusView(result, loaded.config.root, call.style, call.flags.verbose === true)
  const several = result.databases.length > 1
  const more = call.flags.check
    ? result.databases.flatMap(database => {
        const error = unfinished(database)
        return error === undefined ? [] : [{ error, ...(several ? { database: database.name } : {}) }]
      })
    : []
  return outcomeOf(result, text, more)
}

/** What `--check` finds in a database that was reached. */
function unfinished(database: DatabaseStatus): GodwitError | undefined {
  if (database.error !== undefined) return undefined
  const finding = database.findings.find(entry => entry.severity === 'error')
  if (finding !== undefined) {
    const { code, message, severity: _, ...details } = finding
    return new GodwitError('VERIFY.FINDINGS', `${database.name}: ${message}`, {
      ...details,
      meta: { ...details.meta, finding: code },
    })
  }
  const [partial] = database.partial
  if (partial !== undefined)
    return new GodwitError('JOURNAL.PARTIAL', `${database.name}: ${partial.revision} is half done.`, {
      next: ['godwit repair', 'godwit up'],
    })
  if (database.pending.length === 0) return undefined
  return new GodwitError(
    'STATUS.PENDING',
    `${database.name}: ${count(database.pending.length, 'revision')} pending: ${namesOf(database.pending)}.`,
    {
      why: 'Asked by --check. Nothing was changed.',
      next: ['godwit up'],
      meta: { database: database.name, pending: database.pending },
    },
  )
}
