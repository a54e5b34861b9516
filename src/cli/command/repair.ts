// `godwit repair`: after a crash or an edited file. Without flags it only reports.
import { GodwitError } from '../../core/error.ts'
import type { Command } from '../command.ts'
import { consentToEnvironment } from '../consent.ts'
import { outcomeOf, selection } from '../select.ts'
import { repairView } from '../view/findings.ts'

export const command: Command = async call => {
  const { done, retry, restart, acceptChecksums, forgetMissing, upgradeJournal } = call.flags
  const chosen = [done && '--done', retry && '--retry', restart && '--restart'].filter(flag => typeof flag === 'string')
  if (chosen.length > 1)
    throw new GodwitError('CLI.USAGE_INVALID', `${chosen.join(' and ')} do not go together.`, {
      why: 'A statement in doubt was either done, or is to run again, or its revision starts over. Nothing was changed.',
      next: ['godwit repair'],
    })
  const { godwit, loaded } = await call.open()
  const confirm = await consentToEnvironment(call, loaded.config)
  const result = await godwit.repair({
    ...selection(call),
    ...(confirm === undefined ? {} : { confirm }),
    ...(done ? { inDoubt: 'done' as const } : {}),
    ...(retry ? { inDoubt: 'retry' as const } : {}),
    ...(acceptChecksums ? { acceptChecksums } : {}),
    ...(forgetMissing ? { forgetMissing } : {}),
    ...(upgradeJournal ? { upgradeJournal } : {}),
    ...(restart ? { restartPartial: true } : {}),
  })
  return outcomeOf(result, repairView(result, loaded.config.root, call.style))
}
