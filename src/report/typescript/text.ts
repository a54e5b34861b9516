// A schema as TypeScript: one interface for each table and view, one more for the rows that an insert takes, and a union
// for each enum. Types say what the store's driver gives; nothing is imported.
import { literal, literalUnion, type MadeTypes, type TypescriptPart } from '../../dialect/typescript-type.ts'
import type { SchemaObject, ViewColumn } from '../../schema/model/object.ts'
import { indexSnapshot, type Snapshot } from '../../schema/model/snapshot.ts'
import { byPath, readTables, type Table, type TableColumn } from '../table.ts'
import { typeNames } from './name.ts'

export interface TypesRequest {
  readonly snapshot: Snapshot
  readonly typescript: TypescriptPart
  /** Lines of the comment at the top. */
  readonly header: readonly string[]
}

export function typesText({ snapshot, typescript, header }: TypesRequest): string {
  const index = indexSnapshot(snapshot)
  const tables = readTables(snapshot)
  const ofKind = (...kinds: string[]) => snapshot.objects.filter(({ kind }) => kinds.includes(kind)).toSorted(byPath)
  const enums = ofKind('enum')
  const views = ofKind('view', 'materialized view')
  const names = typeNames([...enums, ...tables.map(({ object }) => object), ...views])
  const made: MadeTypes = { get: index.get, nameOf: names.of }
  const typeOf = (type: string, notNull: boolean) => {
    const found = typescript.typescriptType(type, made)
    return notNull || found === 'unknown' ? found : `${found} | null`
  }
  const parts = [
    ...enums.map(object => {
      const values = (object.properties['values'] as readonly string[] | undefined) ?? []
      return `${remark(object.properties['comment'])}export type ${names.of(object.key)} = ${literalUnion(values)}`
    }),
    ...tables.flatMap(table => {
      const { object, columns } = table
      const field = (column: TableColumn, mark = '') =>
        `${remark(column.object.properties['comment'], '  ')}  ${property(column.name)}${mark}: ${typeOf(column.type, column.notNull || domainsOf(column, index.get).some(({ properties }) => properties['notNull'] === true))}`
      const insert = columns
        .filter(({ object: { properties } }) => !isGivenByStore(properties))
        .map(column => field(column, isOptional(column, table, typescript, index.get) ? '?' : ''))
      return [
        `${remark(object.properties['comment'])}${shape(
          names.of(table.key),
          columns.map(column => field(column)),
        )}`,
        `${remark(`A row for an insert into ${object.path.join('.')}.`)}${shape(names.ofNew(table.key), insert)}`,
      ]
    }),
    ...views.map(view => {
      const fields = columnsOf(view).map(
        ({ name, type, notNull }) => `  ${property(name)}: ${typeOf(type, notNull === true)}`,
      )
      return `${remark(view.properties['comment'])}${shape(names.of(view.key), fields)}`
    }),
  ]
  const top = header.flatMap(line => line.split(/\r?\n/)).map(line => `// ${line}`.trimEnd())
  return `${top.join('\n')}\n\n${(parts.length === 0 ? ['export {}'] : parts).join('\n\n')}\n`
}

const columnsOf = ({ columns, properties }: SchemaObject): readonly ViewColumn[] =>
  columns ?? (properties['columns'] as unknown as readonly ViewColumn[] | undefined) ?? []

function shape(name: string, fields: readonly string[]): string {
  return fields.length === 0
    ? `export type ${name} = Record<string, never>`
    : `export interface ${name} {\n${fields.join('\n')}\n}`
}

const property = (name: string): string => (/^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : literal(name))

function remark(comment: unknown, indent = ''): string {
  if (typeof comment !== 'string' || comment.trim() === '') return ''
  const lines = comment.trim().replaceAll('*/', '*\\/').split(/\r?\n/)
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`
  return `${indent}/**\n${lines.map(line => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`
}

type Properties = SchemaObject['properties']

/** An insert cannot name it. */
const isGivenByStore = (properties: Properties): boolean =>
  has(properties, 'generated') || has(properties, 'period') || properties['identity'] === 'always'

const has = (properties: Properties, name: string): boolean => (properties[name] ?? null) !== null

function isOptional(column: TableColumn, table: Table, typescript: TypescriptPart, get: MadeTypes['get']): boolean {
  const { properties, key } = column.object
  if (!column.notNull || ['default', 'identity', 'autoIncrement'].some(name => has(properties, name))) return true
  if (domainsOf(column, get).some(domain => has(domain.properties, 'default'))) return true
  const isWholeKey = table.primaryKey.length === 1 && table.primaryKey[0] === key
  return typescript.fills?.(column.object, isWholeKey) ?? false
}

/** Its type may be a domain with a default, or without null. */
const domainsOf = ({ object }: TableColumn, get: MadeTypes['get']): readonly SchemaObject[] =>
  object.depends.flatMap(key => {
    const found = get(key)
    return found?.kind === 'domain' ? [found] : []
  })
