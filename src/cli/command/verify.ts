// `godwit verify`: files, graph, checksums and journal agree, or what does not.
import { GodwitError } from '../../core/error.ts'
import type { Command } from '../command.ts'
import { outcomeOf, selection } from '../select.ts'
import { verifyView } from '../view/findings.ts'
import { count } from '../view/place.ts'

export const command: Command = async call => {
  const { godwit, loaded } = await call.open()
  const result = await godwit.verify(selection(call))
  const bad = result.databases.filter(database => database.error === undefined && !database.ok)
  const found = bad.reduce((sum, database) => sum + database.findings.length, 0)
  const error = new GodwitError(
    'VERIFY.FINDINGS',
    `${count(found, 'finding')} in ${bad.map(database => database.name).join(', ')}.`,
    {
      why: 'Each has its own code and says what to do. Nothing was changed.',
      next: ['godwit repair'],
    },
  )
  const text = call.flags.quiet && bad.length === 0 ? undefined : verifyView(result, loaded.config.root, call.style)
  return outcomeOf(result, text, bad.length === 0 ? [] : [{ error }])
}
