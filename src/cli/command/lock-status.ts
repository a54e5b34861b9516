// `godwit lock status`: who is running now.
import type { Command } from '../command.ts'
import { outcomeOf, selection } from '../select.ts'
import { lockView } from '../view/findings.ts'

export const command: Command = async call => {
  const { godwit, loaded } = await call.open()
  const result = await godwit.lockStatus(selection(call))
  return outcomeOf(result, lockView(result, loaded.config.root, call.style))
}
