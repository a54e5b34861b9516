// `godwit lock break`: takes the lock from a runner that is gone. Asks, because one that is not gone is stopped by it.
import { GodwitError } from '../../core/error.ts'
import type { Command } from '../command.ts'
import { consentToEnvironment, consentToStep } from '../consent.ts'
import { outcomeOf, selection } from '../select.ts'
import { lockView } from '../view/findings.ts'

export const command: Command = async call => {
  const { godwit, loaded } = await call.open()
  const confirm = await consentToEnvironment(call, loaded.config)
  const held = (await godwit.lockStatus(selection(call))).databases.filter(database => database.lock !== null)
  if (held.length > 0)
    await consentToStep(
      call,
      `Take the lock from ${held.map(({ name, lock }) => `${lock?.holder} on ${name}`).join(', ')}?`,
    )
  const result = await godwit.lockBreak({ ...selection(call), ...(confirm === undefined ? {} : { confirm }) })
  const none = result.databases.every(database => database.lock === null && database.error === undefined)
  const error = new GodwitError('LOCK.NONE', 'There is no lock to break.', {
    why: 'No runner holds it. Nothing was changed.',
  })
  return outcomeOf(result, lockView(result, loaded.config.root, call.style), none ? [{ error }] : [])
}
