// A type that cannot be altered is renamed, made anew under its name, and dropped when every column, and every type made
// of it, has moved over. Columns keep their rows and their values; a value that the new type refuses stops the script.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext, Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { alterColumn, generatedOf } from './column.ts'
import { flag, text, type Tools } from './kind.ts'
import { ident, lastName, parseTypeName, qualified } from './name.ts'

const MADE_OF: ReadonlySet<string> = new Set(['domain', 'composite type', 'range type'])

export function swapType(change: Alteration, context: RenderContext, tools: Tools): Rendered {
  const types = withTypesMadeOf(change.before, context)
  const statements: RenderedStatement[] = []
  const includes = new Set<string>()
  for (const type of types) {
    statements.push({ sql: `ALTER TYPE ${qualified(type.path)} RENAME TO ${ident(oldName(type))}` })
  }
  for (const type of types) {
    const wanted = context.after.get(type.key)
    if (wanted === undefined) continue
    const made = tools.create(wanted, context)
    statements.push(...made.statements)
    for (const part of [...context.before.children(type.key), ...context.after.children(type.key)])
      includes.add(part.key)
    includes.add(type.key)
  }
  for (const type of types) {
    for (const column of columnsOf(type, context)) {
      const wanted = context.after.get(column.key)
      if (wanted === undefined) continue
      const rendered = convert(column, wanted, type, context)
      if (rendered === undefined) continue
      statements.push(...rendered.statements)
      for (const key of [column.key, ...(rendered.includes ?? [])]) includes.add(key)
    }
  }
  for (const type of [...types].reverse()) {
    const word = type.kind === 'domain' ? 'DOMAIN' : 'TYPE'
    statements.push({ sql: `DROP ${word} ${qualified([type.path[0] ?? '', oldName(type)])}` })
  }
  includes.delete(change.before.key)
  return { statements, includes: [...includes] }
}

const oldName = (type: SchemaObject): string => `${lastName(type).slice(0, 55)}__old`

/** The type, and after it the types that are made of it. */
function withTypesMadeOf(type: SchemaObject, context: RenderContext): SchemaObject[] {
  const found = [type]
  for (const one of found) {
    for (const dependent of context.before.dependents(one.key)) {
      if (MADE_OF.has(dependent.kind) && !found.includes(dependent)) found.push(dependent)
    }
  }
  return found
}

function columnsOf(type: SchemaObject, { before }: RenderContext): SchemaObject[] {
  return before.dependents(type.key).filter(object => {
    if (object.kind !== 'column' || flag(object, 'inherited') || generatedOf(object) !== undefined) return false
    return qualified(parseTypeName(text(object, 'type') ?? '').path) === qualified(type.path)
  })
}

function convert(
  before: SchemaObject,
  after: SchemaObject,
  type: SchemaObject,
  context: RenderContext,
): Rendered | undefined {
  const changed = Object.keys({ ...before.properties, ...after.properties }).filter(
    name => JSON.stringify(before.properties[name]) !== JSON.stringify(after.properties[name]),
  )
  const change: Alteration = { type: 'alter', before, after, changed: changed.sort() }
  const rendered = alterColumn(change, context, true)
  if (rendered === 'recreate') return undefined
  const row = rowConversion(before, after, type, context)
  if (row === undefined) return rendered
  const plain = `ALTER COLUMN ${ident(lastName(after))} TYPE `
  return {
    ...rendered,
    statements: rendered.statements.map(one =>
      one.sql.includes(plain) ? { ...one, sql: `${one.sql.replace(/ USING .*$/s, '')} USING ${row}` } : one,
    ),
  }
}

interface Attribute {
  readonly name: string
  readonly type: string
}

const attributes = (type: SchemaObject | undefined): readonly Attribute[] =>
  (type?.properties['attributes'] as unknown as readonly Attribute[] | undefined) ?? []

/** A row whose attributes moved is put together again by their names. */
function rowConversion(
  before: SchemaObject,
  after: SchemaObject,
  type: SchemaObject,
  context: RenderContext,
): string | undefined {
  const wanted = context.after.get(type.key)
  const [was, now] = [attributes(type), attributes(wanted)]
  const same = was.map(({ name }) => name).join() === now.map(({ name }) => name).join()
  if (wanted?.kind !== 'composite type' || same || text(after, 'type') !== text(before, 'type')) return undefined
  if ((text(after, 'type') ?? '').endsWith('[]')) return undefined
  const column = ident(lastName(after))
  const values = now.map(({ name, type: wantedType }) =>
    was.some(one => one.name === name) ? `(${column}).${ident(name)}::text::${wantedType}` : `NULL::${wantedType}`,
  )
  return `CASE WHEN ${column} IS NULL THEN NULL ELSE ROW(${values.join(', ')})::${text(after, 'type')} END`
}
