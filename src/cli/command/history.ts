// `godwit history`: the revisions, as a list or as a graph.
import type { Command } from '../command.ts'
import { outcomeOf, selection } from '../select.ts'
import { historyView } from '../view/history.ts'

export const command: Command = async call => {
  const offline = call.flags.offline === true
  const { godwit, loaded } = await call.open({ offline })
  const result = await godwit.history({ ...selection(call), offline })
  return outcomeOf(result, historyView(result, loaded.config.root, call.style, call.flags.graph === true))
}
