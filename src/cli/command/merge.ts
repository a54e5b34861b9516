// `godwit merge [heads...]`: writes a revision that joins several heads.
import type { Command } from '../command.ts'
import { singleDatabase } from '../single.ts'
import { writeOutcome } from '../written.ts'

export const command: Command = async call => {
  const { godwit, loaded } = await call.open({ offline: true })
  const database = singleDatabase(call, godwit.databases)
  const { message } = call.flags
  const result = await godwit.merge({
    ...(database === undefined ? {} : { database }),
    ...(message === undefined ? {} : { message }),
    ...(call.args.length === 0 ? {} : { heads: call.args }),
  })
  return writeOutcome(call, result, loaded.config.root)
}
