// `godwit schema types`: TypeScript types of a schema, so that code is checked against the schema of its time.
import { readSchema } from '../../library/schema.ts'
import { GodwitError } from '../../core/error.ts'
import { typesText } from '../../report/typescript/text.ts'
import { fingerprint } from '../../schema/model/snapshot.ts'
import type { Command } from '../command.ts'
import { schemaCall, sourceName, tellNotCompared } from '../schema-call.ts'

export const command: Command = async call => {
  const { options, place } = schemaCall(call)
  const read = await readSchema({ ...options, introspect: { viewColumns: true } }, place)
  const { snapshot, renderer, dialect, typescript } = read
  if (typescript === undefined)
    throw new GodwitError('SCHEMA.UNSUPPORTED', `schemas of ${dialect.name} have no TypeScript types`, {
      why: 'It is not known what its driver gives for its types. Nothing was done.',
    })
  tellNotCompared(call, snapshot.notCompared)
  const print = fingerprint(snapshot, renderer.ordered)
  const header = [
    `Types of the schema "${sourceName(options.from)}" (${dialect.name}), made by godwit schema types: edit the schema, not this file.`,
    `Fingerprint of the schema: ${print}`,
  ]
  const text = typesText({ snapshot, typescript, header })
  return { data: { fingerprint: print, types: text }, text }
}
