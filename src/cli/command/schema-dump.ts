// `godwit schema dump`: a schema as SQL that makes it, or as JSON, in an order that never changes by itself.
import { createStatements, readSchema } from '../../library/schema.ts'
import { fingerprint } from '../../schema/model/snapshot.ts'
import type { Command } from '../command.ts'
import { formatOf, schemaCall, tellNotCompared } from '../schema-call.ts'
import { scriptText } from '../view/diff.ts'

export const command: Command = async call => {
  const format = formatOf(call, ['sql', 'json'])
  const { options, place } = schemaCall(call)
  const read = await readSchema(options, place)
  tellNotCompared(call, read.snapshot.notCompared)
  const { snapshot, dialect } = read
  const data = { fingerprint: fingerprint(snapshot, read.renderer.ordered), snapshot }
  if (format === 'json') return { data, text: `${JSON.stringify(snapshot, null, 2)}\n` }
  const statements = createStatements(read)
  return { data: { ...data, statements }, text: scriptText(dialect, statements) }
}
