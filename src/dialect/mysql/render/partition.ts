// Partitions: added where the list only grows at its end, else all are made again by one statement, which moves every
// row to where it belongs and fails where one belongs nowhere. Partitions are never dropped with their rows.
import { canonicalJson } from '../../../schema/model/snapshot.ts'
import type { Json, SchemaObject } from '../../../schema/model/object.ts'
import { parseCreateTable } from '../introspect/create-table.ts'
import { q, record } from './name.ts'

export interface PartitionChange {
  /** Comes last in the ALTER TABLE that changes the table. */
  readonly clause?: string
  /** An ALTER TABLE of its own. */
  readonly alone?: string
}

/** As the server writes it; empty for a table without partitions. */
export function partitionClause(table: SchemaObject): string {
  if (table.properties['partition'] === undefined) return ''
  return parseCreateTable(table.text ?? '').partition?.text ?? ''
}

export function partitionChange(before: SchemaObject, after: SchemaObject): PartitionChange {
  const [was, is] = [before.properties['partition'], after.properties['partition']]
  if (canonicalJson(was ?? null) === canonicalJson(is ?? null)) return {}
  if (is === undefined || is === null) return { clause: 'REMOVE PARTITIONING' }
  const added = addedAtEnd(was ?? null, is)
  if (added !== undefined) {
    const parts = added.map(({ name, definition }) => `PARTITION ${q(String(name))} ${String(definition)}`)
    return { alone: `ADD PARTITION (${parts.join(', ')})` }
  }
  return { clause: partitionClause(after) }
}

function addedAtEnd(was: Json, is: Json): readonly Readonly<Record<string, Json>>[] | undefined {
  const [old, wanted] = [record(was), record(is)]
  if (old['by'] !== wanted['by'] || !/^(?:RANGE|LIST)\b/.test(String(wanted['by']))) return undefined
  if (/SUBPARTITION/.test(String(wanted['by']))) return undefined
  const [first, all] = [partsOf(old['parts']), partsOf(wanted['parts'])]
  if (first.length === 0 || all.length <= first.length) return undefined
  const same = first.every((part, index) => canonicalJson(part as Json) === canonicalJson((all[index] ?? null) as Json))
  const isOpen = first.some(({ definition }) => /\bMAXVALUE\b|^DEFAULT\b/.test(String(definition)))
  return same && !isOpen ? all.slice(first.length) : undefined
}

const partsOf = (parts: Json | undefined): readonly Readonly<Record<string, Json>>[] =>
  Array.isArray(parts) ? (parts as readonly Json[]).map(record) : []
