// `godwit new <message>`: writes an empty revision and prints its path, so that an editor can be opened on it.
import { GodwitError } from '../../core/error.ts'
import type { Command } from '../command.ts'
import { singleDatabase } from '../single.ts'
import { writeOutcome } from '../written.ts'

export const command: Command = async call => {
  const { sql, ts, parent, label, depends } = call.flags
  if (sql && ts)
    throw new GodwitError('CLI.USAGE_INVALID', '--sql and --ts do not go together.', {
      why: 'A revision is one file. Nothing was written.',
    })
  const { godwit, loaded } = await call.open({ offline: true })
  const database = singleDatabase(call, godwit.databases)
  const result = await godwit.newRevision({
    message: call.args.join(' '),
    ...(database === undefined ? {} : { database }),
    ...(sql || ts ? { format: ts ? ('ts' as const) : ('sql' as const) } : {}),
    ...(parent === undefined ? {} : { parents: parent }),
    ...(label === undefined ? {} : { labels: label }),
    ...(depends === undefined ? {} : { depends }),
  })
  return writeOutcome(call, result, loaded.config.root)
}
