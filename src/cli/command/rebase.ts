// `godwit rebase <branch> <onto>`: puts a branch that is not applied onto another revision. It asks the database, because
// applied revisions must not move.
import type { Command } from '../command.ts'
import { singleDatabase } from '../single.ts'
import { writeOutcome } from '../written.ts'

export const command: Command = async call => {
  const { godwit, loaded } = await call.open()
  const database = singleDatabase(call, godwit.databases)
  const [branch = '', onto = ''] = call.args
  const result = await godwit.rebase({ branch, onto, ...(database === undefined ? {} : { database }) })
  return writeOutcome(call, result, loaded.config.root)
}
