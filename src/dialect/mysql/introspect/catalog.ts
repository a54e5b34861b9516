// What the readers of the parts share: the rows of the catalog, the names in them, and the objects found so far.
import { type Json, objectKey, type SchemaObject } from '../../../schema/model/object.ts'
import type { NotCompared } from '../../../schema/model/snapshot.ts'
import { withoutDatabase } from './token.ts'

/** A row of information_schema with its names in lower case. */
export type Row = Readonly<Record<string, unknown>>

export interface CatalogOptions {
  /** Definers are compared too. */
  readonly owners: boolean
}

export class Catalog {
  readonly database: string
  readonly options: CatalogOptions
  /** Default collation of the database. */
  readonly collation: string
  /** Default collation of each character set. */
  readonly charsets: ReadonlyMap<string, string>
  readonly objects: SchemaObject[] = []
  /** Keys of tables, views and sequences by name. */
  readonly relations = new Map<string, string>()
  readonly #skipped = new Map<string, string[]>()

  constructor(database: string, options: CatalogOptions, collation: string, charsets: ReadonlyMap<string, string>) {
    this.database = database
    this.options = options
    this.collation = collation
    this.charsets = charsets
  }

  add(
    kind: string,
    path: readonly string[],
    properties: Record<string, Json | undefined>,
    rest: Partial<Pick<SchemaObject, 'parent' | 'depends' | 'position' | 'text'>> = {},
  ): void {
    const kept: Record<string, Json> = {}
    for (const name in properties) {
      const value = properties[name]
      if (value !== undefined) kept[name] = value
    }
    this.objects.push({
      kind,
      key: keyOf(kind, path),
      path,
      parent: rest.parent ?? null,
      depends: rest.depends ?? [],
      ...(rest.position === undefined ? {} : { position: rest.position }),
      properties: kept,
      ...(rest.text === undefined ? {} : { text: rest.text }),
    })
  }

  /** Seen and not compared. */
  skip(kind: string, name: string): void {
    const list = this.#skipped.get(kind)
    if (list) list.push(name)
    else this.#skipped.set(kind, [name])
  }

  notCompared(): NotCompared[] {
    return [...this.#skipped].map(([kind, names]) => ({
      kind,
      names: names
        .filter(name => name !== '')
        .sort()
        .slice(0, 20),
      count: names.length,
    }))
  }

  /** Without the database's own name. */
  plain(text: string): string {
    return withoutDatabase(text, this.database)
  }

  /** Who made it, when that is compared. */
  definer(row: Row): string | undefined {
    return this.options.owners ? String(row['definer'] ?? '') : undefined
  }
}

/** Names of columns, indexes and constraints are the same in any case; those of tables, views and triggers are not. */
const CASELESS: ReadonlySet<string> = new Set([
  'column',
  'index',
  'constraint',
  'period',
  'function',
  'procedure',
  'event',
])

export function keyOf(kind: string, path: readonly string[]): string {
  if (!CASELESS.has(kind)) return objectKey(kind, path)
  const last = path.at(-1) ?? ''
  const lower = last.toLowerCase()
  return objectKey(kind, lower === last ? path : [...path.slice(0, -1), lower])
}

/** Tables and columns keep the case in which they were made. */
export const spelled = (name: string): string | undefined => (name === name.toLowerCase() ? undefined : name)

/**
 * How the text of a program must be read, where that is not the usual way, and what in a text shows that it matters
 * (MySQL Reference Manual, "Server SQL Modes"). The other modes say how it runs on data; they are those of the session
 * that made it.
 */
const READING: Readonly<Record<string, RegExp>> = {
  ANSI_QUOTES: /"/,
  HIGH_NOT_PRECEDENCE: /\bnot\b/i,
  IGNORE_SPACE:
    /\b(?:adddate|bit_and|bit_or|bit_xor|cast|count|curdate|curtime|date_add|date_sub|extract|group_concat|max|mid|min|now|position|session_user|std|stddev\w*|subdate|substr|substring|sum|sysdate|system_user|trim|var\w*)\s+\(/i,
  NO_BACKSLASH_ESCAPES: /\\/,
  ORACLE: /./,
  PIPES_AS_CONCAT: /\|\|/,
}

export function readingMode(mode: unknown, text: string): string | undefined {
  const found = String(mode ?? '')
    .split(',')
    .filter(name => READING[name]?.test(text))
  return found.length === 0 ? undefined : found.sort().join(',')
}

export const text = (row: Row, name: string): string => {
  const value = row[name]
  return value === null || value === undefined ? '' : String(value)
}
