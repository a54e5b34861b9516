// `godwit current`: the heads of what is applied, one on a line.
import type { Command } from '../command.ts'
import { outcomeOf, selection } from '../select.ts'

export const command: Command = async call => {
  const { godwit } = await call.open()
  const result = await godwit.status(selection(call))
  const databases = result.databases.map(({ name, dialect, url, state, current, error }) => ({
    name,
    dialect,
    url,
    state,
    current,
    ...(error === undefined ? {} : { error }),
  }))
  const several = databases.length > 1
  const lines = databases.flatMap(({ name, current }) => current.map(id => (several ? `${name}  ${id}\n` : `${id}\n`)))
  for (const { name, current, error } of databases)
    if (current.length === 0 && error === undefined) call.note(`${name}: no revision is applied`)
  return outcomeOf({ databases }, lines.join(''))
}
