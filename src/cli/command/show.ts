// `godwit show <revision>`: one revision with its statements; `--verbose` prints the file as it is.
import type { Command } from '../command.ts'
import { singleDatabase } from '../single.ts'
import { showView } from '../view/show.ts'

export const command: Command = async call => {
  const { godwit } = await call.open({ offline: true })
  const [revision = ''] = call.args
  const database = singleDatabase(call, godwit.databases)
  const result = await godwit.show(revision, { signal: call.signal, ...(database === undefined ? {} : { database }) })
  return { data: result, text: showView(result, call.style, call.flags.verbose === true) }
}
