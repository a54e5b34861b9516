// The drawing of a schema as data: tables as boxes with their columns, foreign keys as lines between two columns.
import type { Snapshot } from '../../schema/model/snapshot.ts'
import { readTables, type Table } from '../table.ts'

export interface ErdColumn {
  readonly name: string
  readonly type: string
  readonly primaryKey: boolean
  readonly foreignKey: boolean
  /** Unique by itself. */
  readonly unique: boolean
  readonly notNull: boolean
}

export interface ErdTable {
  readonly key: string
  /** With its schema where the tables are in several. */
  readonly name: string
  readonly columns: readonly ErdColumn[]
}

/** From a row to the row it refers to. */
export interface ErdEdge {
  readonly from: string
  readonly to: string
  /** Names; of several columns all. */
  readonly fromColumns: readonly string[]
  /** Empty where the referenced columns are not known. */
  readonly toColumns: readonly string[]
  /** A row need not refer to one. */
  readonly optional: boolean
  /** At most one row refers to it. */
  readonly single: boolean
}

export interface Erd {
  readonly tables: readonly ErdTable[]
  readonly edges: readonly ErdEdge[]
}

export function drawingOf(snapshot: Snapshot): Erd {
  const tables = readTables(snapshot)
  const schemas = new Set(tables.map(({ object }) => object.path.slice(0, -1).join('\0')))
  const byKey = new Map(tables.map(table => [table.key, table]))
  return {
    tables: tables.map(table => ({
      key: table.key,
      name: (schemas.size > 1 ? table.object.path : table.object.path.slice(-1)).join('.'),
      columns: columnsOf(table),
    })),
    edges: tables.flatMap(table => edgesOf(table, byKey)),
  }
}

function columnsOf({ columns, primaryKey, unique, foreignKeys }: Table): ErdColumn[] {
  const foreign = new Set(foreignKeys.flatMap(key => key.columns.map(({ object }) => object.key)))
  const alone = new Set([...unique, primaryKey].flatMap(list => (list.length === 1 ? list : [])))
  return columns.map(({ object, name, type, notNull, primaryKey: inKey }) => ({
    name,
    type,
    primaryKey: inKey,
    foreignKey: foreign.has(object.key),
    unique: alone.has(object.key),
    notNull,
  }))
}

function edgesOf({ key, foreignKeys, unique, primaryKey }: Table, byKey: ReadonlyMap<string, Table>): ErdEdge[] {
  return foreignKeys.map(({ columns, target, targetColumns }) => {
    const other = byKey.get(target)
    const primary = other?.columns.filter(column => column.primaryKey).map(({ name }) => name) ?? []
    const own = new Set(columns.map(({ object }) => object.key))
    const isKey = (list: readonly string[]) => list.length > 0 && list.every(column => own.has(column))
    return {
      from: key,
      to: target,
      fromColumns: columns.map(({ name }) => name),
      toColumns: targetColumns.length > 0 ? targetColumns : primary,
      optional: columns.some(({ notNull }) => !notNull),
      single: [...unique, primaryKey].some(isKey),
    }
  })
}
