// `godwit heads`: revisions that no other follows. Reads files only.
import type { Command } from '../command.ts'
import { outcomeOf, selection } from '../select.ts'

export const command: Command = async call => {
  const { godwit } = await call.open({ offline: true })
  const result = await godwit.history({ ...selection(call), offline: true })
  const databases = result.databases.map(({ name, dialect, heads, error }) => ({
    name,
    dialect,
    heads,
    ...(error === undefined ? {} : { error }),
  }))
  const several = databases.length > 1
  const lines = databases.flatMap(({ name, heads }) =>
    heads.map(head => (several ? `${name}  ${head}\n` : `${head}\n`)),
  )
  if (lines.length === 0) call.note('no revisions yet')
  return outcomeOf({ databases }, lines.join(''))
}
