// Tables as drawings and types need them: columns with their marks, keys, and which table a foreign key leads to. Read from
// a snapshot of any store: who a foreign key refers to is in its definition everywhere, in `depends` only where the store
// keeps it.
import type { SchemaObject } from '../schema/model/object.ts'
import { indexSnapshot, type Snapshot } from '../schema/model/snapshot.ts'

export interface TableColumn {
  readonly object: SchemaObject
  readonly name: string
  /** As the server writes it. */
  readonly type: string
  readonly notNull: boolean
  readonly primaryKey: boolean
}

export interface ForeignKey {
  readonly columns: readonly TableColumn[]
  /** Key of the table it refers to, which may be its own. */
  readonly target: string
  /** Names; empty where it refers to the primary key without naming it. */
  readonly targetColumns: readonly string[]
}

export interface Table {
  readonly object: SchemaObject
  readonly key: string
  readonly columns: readonly TableColumn[]
  /** Keys of the columns. */
  readonly primaryKey: readonly string[]
  /** Keys of columns that are unique together. */
  readonly unique: readonly (readonly string[])[]
  readonly foreignKeys: readonly ForeignKey[]
}

const TABLES: ReadonlySet<string> = new Set(['table', 'foreign table'])

/** Sorted by path. Partitions are left out: they are their table once more. */
export function readTables(snapshot: Snapshot): readonly Table[] {
  const index = indexSnapshot(snapshot)
  const objects = snapshot.objects.filter(({ kind, properties }) => TABLES.has(kind) && !properties['partitionOf'])
  const byName = new Map(objects.map(object => [nameKey(object.path), object.key]))
  return objects.toSorted(byPath).map(object => {
    const parts = index.children(object.key)
    const columnKeys = new Set(parts.filter(({ kind }) => kind === 'column').map(({ key }) => key))
    const own = (part: SchemaObject) => part.depends.filter(key => columnKeys.has(key))
    const constraints = (type: string) =>
      parts.filter(({ kind, properties }) => kind === 'constraint' && properties['type'] === type)
    const primaryKey = constraints('primary key').flatMap(own)
    const inKey = new Set(primaryKey)
    const columns = index.children(object.key, 'column').map(column => ({
      object: column,
      name: column.path.at(-1) ?? '',
      type: String(column.properties['type'] ?? ''),
      notNull: column.properties['notNull'] === true || inKey.has(column.key),
      primaryKey: inKey.has(column.key),
    }))
    const unique = [...constraints('unique'), ...parts.filter(isUniqueIndex)].map(own).filter(list => list.length > 0)
    const foreignKeys = constraints('foreign key').flatMap(part => foreignKey(part, object, columns, byName) ?? [])
    return { object, key: object.key, columns, primaryKey, unique, foreignKeys }
  })
}

export const byPath = (a: SchemaObject, b: SchemaObject): number => {
  const [left, right] = [a.path.join('\0'), b.path.join('\0')]
  return left < right ? -1 : left > right ? 1 : 0
}

/** One that counts for all rows. */
const isUniqueIndex = ({ kind, properties }: SchemaObject): boolean =>
  kind === 'index' && properties['unique'] === true && !/\bwhere\b/i.test(String(properties['definition'] ?? ''))

const nameKey = (path: readonly string[]): string => path.map(name => name.toLowerCase()).join('\0')

function foreignKey(
  part: SchemaObject,
  table: SchemaObject,
  columns: readonly TableColumn[],
  byName: ReadonlyMap<string, string>,
): ForeignKey | undefined {
  const read = readReference(String(part.properties['definition'] ?? ''))
  if (read === undefined) return undefined
  const schema = table.path.slice(0, -1)
  const places = [read.table, [...schema, ...read.table], [...schema, ...read.table.slice(-1)]]
  const target = places.map(place => byName.get(nameKey(place))).find(key => key !== undefined)
  if (target === undefined) return undefined
  const names = read.columns.map(name => name.toLowerCase())
  const own = names.flatMap(name => columns.find(column => column.name.toLowerCase() === name) ?? [])
  return { columns: own, target, targetColumns: read.targetColumns }
}

interface Reference {
  readonly columns: readonly string[]
  readonly table: readonly string[]
  readonly targetColumns: readonly string[]
}

/** `FOREIGN KEY (a, b) REFERENCES "s"."t" (c, d)` as any store writes it; commas may be missing. */
export function readReference(definition: string): Reference | undefined {
  const words = [...definition.matchAll(/"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|([^\s"`(),.]+)|([(),.])/g)].map(found => ({
    sign: found[4],
    plain: found[3],
    name: found[1]?.replaceAll('""', '"') ?? found[2]?.replaceAll('``', '`') ?? found[3] ?? '',
  }))
  const list = (from: number): { readonly names: string[]; readonly end: number } => {
    const names: string[] = []
    let at = from + 1
    for (; at < words.length && words[at]?.sign !== ')'; at++)
      if (words[at]?.sign === undefined) names.push(words[at]?.name ?? '')
    return { names, end: at + 1 }
  }
  const open = words.findIndex(word => word.sign === '(')
  if (open < 0 || words[0]?.plain?.toLowerCase() !== 'foreign') return undefined
  const columns = list(open)
  if (words[columns.end]?.plain?.toLowerCase() !== 'references') return undefined
  let at = columns.end + 1
  const table = [words[at]?.name ?? '']
  for (at++; words[at]?.sign === '.'; at += 2) table.push(words[at + 1]?.name ?? '')
  const isPeriod = (name: string) => name.toLowerCase() !== 'period'
  const targetColumns = words[at]?.sign === '(' ? list(at).names : []
  return { columns: columns.names.filter(isPeriod), table, targetColumns: targetColumns.filter(isPeriod) }
}
