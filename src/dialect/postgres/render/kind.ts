// What each kind of object answers; comments, grants and owners are the same for all of them and are not its business.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext, Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { Json, SchemaObject } from '../../../schema/model/object.ts'

export interface KindRenderer {
  /** As COMMENT ON and ALTER … RENAME call it: `TABLE public.invoice`. */
  noun(object: SchemaObject): string
  /** As GRANT … ON calls it; absent: it has no grants. */
  grantNoun?(object: SchemaObject): string
  /** What everybody may do by default. */
  readonly usual?: readonly string[]
  create(object: SchemaObject, context: RenderContext, tools: Tools): Rendered
  drop(object: SchemaObject, context: RenderContext): Rendered
  /** Asked only when something beside comment, grants and owner has changed. */
  alter(change: Alteration, context: RenderContext, tools: Tools): Rendered | 'recreate'
  /** Default: ALTER … RENAME TO and SET SCHEMA by its noun. */
  rename?(before: SchemaObject, after: SchemaObject, context: RenderContext): Rendered
}

/** What kinds may ask of the renderer as a whole. */
export interface Tools {
  /** Comment, grants and owner of an object that has just been made. */
  extras(object: SchemaObject, context: RenderContext): RenderedStatement[]
  create(object: SchemaObject, context: RenderContext): Rendered
}

export type Options = Readonly<Record<string, string>>

export const text = (object: SchemaObject, name: string): string | undefined => {
  const value = object.properties[name]
  return typeof value === 'string' ? value : undefined
}
export const flag = (object: SchemaObject, name: string): boolean => object.properties[name] === true
export const list = (object: SchemaObject, name: string): readonly string[] =>
  (object.properties[name] as readonly string[] | undefined) ?? []
export const options = (object: SchemaObject, name: string): Options =>
  (object.properties[name] as Options | undefined) ?? {}
export const record = (object: SchemaObject, name: string): Readonly<Record<string, Json>> =>
  (object.properties[name] as Record<string, Json> | undefined) ?? {}

export const statements = (...sqls: (string | undefined | false)[]): Rendered => ({
  statements: sqls.filter(sql => typeof sql === 'string').map(sql => ({ sql: sql as string })),
})

export const nothing: Rendered = { statements: [] }

/** Version of the server that the statements are for. */
export const versionOf = ({ before, after }: RenderContext): number =>
  before.snapshot.serverVersion ?? after.snapshot.serverVersion ?? 14

/** SET and RESET of storage options; undefined where both are equal. */
export function optionChange(before: Options, after: Options, prefix = ''): string[] {
  const set = Object.entries(after).filter(([name, value]) => before[name] !== value)
  const reset = Object.keys(before).filter(name => !(name in after))
  return [
    ...(set.length === 0
      ? []
      : [`SET (${set.map(([name, value]) => `${prefix}${name}='${value.replaceAll("'", "''")}'`).join(', ')})`]),
    ...(reset.length === 0 ? [] : [`RESET (${reset.map(name => `${prefix}${name}`).join(', ')})`]),
  ]
}

/** OPTIONS (ADD …, SET …, DROP …) of foreign objects; undefined where both are equal. */
export function foreignOptionChange(before: Options, after: Options): string | undefined {
  const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`
  const parts = [
    ...Object.entries(after)
      .filter(([name, value]) => before[name] !== value)
      .map(([name, value]) => `${name in before ? 'SET' : 'ADD'} ${name} ${quoted(value)}`),
    ...Object.keys(before)
      .filter(name => !(name in after))
      .map(name => `DROP ${name}`),
  ]
  return parts.length === 0 ? undefined : `OPTIONS (${parts.join(', ')})`
}

/** ` OPTIONS (a 'b')` of a new foreign object, or nothing. */
export function foreignOptionList(given: Options): string {
  const parts = Object.entries(given).map(([name, value]) => `${name} '${value.replaceAll("'", "''")}'`)
  return parts.length === 0 ? '' : ` OPTIONS (${parts.join(', ')})`
}

/** A sequence whose value would be outside of its narrower bounds is moved to the nearer bound, or ALTER refuses. */
export function withinBounds(
  name: string,
  before: { readonly minimum: string; readonly maximum: string },
  after: { readonly minimum: string; readonly maximum: string },
): string | undefined {
  const narrower = BigInt(after.minimum) > BigInt(before.minimum) || BigInt(after.maximum) < BigInt(before.maximum)
  if (!narrower) return undefined
  return `SELECT pg_catalog.setval('${name.replaceAll("'", "''")}', greatest(least(last_value, ${after.maximum}), ${after.minimum}), is_called) FROM ${name}`
}
