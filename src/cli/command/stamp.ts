// `godwit stamp <target>`: records revisions as applied without running them.
import type { Command } from '../command.ts'
import { consentToEnvironment } from '../consent.ts'
import { outcomeOf, selection } from '../select.ts'
import { runView } from '../view/run.ts'

export const command: Command = async call => {
  const { godwit, loaded } = await call.open()
  const confirm = await consentToEnvironment(call, loaded.config)
  const startedAt = Date.now()
  const [target = ''] = call.args
  const result = await godwit.stamp({ ...selection(call), target, ...(confirm === undefined ? {} : { confirm }) })
  return outcomeOf(result, call.flags.quiet ? undefined : runView(result, call.style, Date.now() - startedAt))
}
