// Names as SQL writes them: quoted only where they must be, always with their schema.
import type { SchemaObject } from '../../../schema/model/object.ts'
import { literal } from '../journal.ts'

/** Keywords that cannot stand as a name without quotes (pg_get_keywords() of 18, all but the unreserved ones). */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char ' +
    'character check coalesce collate collation column concurrently constraint create cross current_catalog current_date ' +
    'current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct ' +
    'do else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having ' +
    'ilike in initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg ' +
    'json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading ' +
    'least left like limit localtime localtimestamp merge_action national natural nchar none normalize not notnull null ' +
    'nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real references ' +
    'returning right row select session_user setof similar smallint some substring symmetric system_user table tablesample ' +
    'then time timestamp to trailing treat trim true union unique user using values varchar variadic verbose when where ' +
    'window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot ' +
    'xmlserialize xmltable'
  ).split(' '),
)

export function ident(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !KEYWORDS.has(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** `public.invoice` */
export const qualified = (path: readonly string[]): string => path.map(ident).join('.')

/** The table, view or domain that a part belongs to, from the part's own path. */
export const ownerName = (part: SchemaObject): string => qualified(part.path.slice(0, 2))

/** The last name of a path. */
export const lastName = (object: SchemaObject): string => object.path.at(-1) ?? ''

/** `public.f(integer, text)` from a path whose last name carries the types. */
export function routineName(path: readonly string[]): string {
  const last = path.at(-1) ?? ''
  const at = last.lastIndexOf('(', last.endsWith('()') ? last.length : undefined)
  return `${qualified([...path.slice(0, -1), last.slice(0, at)])}${last.slice(at)}`
}

/** `public.f`, without the types. */
export const routineOnly = (path: readonly string[]): string => {
  const last = path.at(-1) ?? ''
  return qualified([...path.slice(0, -1), last.slice(0, last.lastIndexOf('('))])
}

export const role = (name: string): string => (name === 'public' ? 'PUBLIC' : ident(name))

/** `(fillfactor='70')` */
export function optionList(options: Readonly<Record<string, string>>, prefix = ''): string {
  return Object.entries(options)
    .map(([name, value]) => `${prefix}${ident(name)}=${literal(value)}`)
    .join(', ')
}

/** Names of a qualified name as the server writes it: `public."A b"` is `['public', 'A b']`; without array and modifiers. */
export function parseTypeName(text: string): { readonly path: readonly string[]; readonly isArray: boolean } {
  const path: string[] = []
  const pattern = /\s*(?:"((?:[^"]|"")*)"|([^."([]+))(\.)?/y
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    path.push(found[1]?.replaceAll('""', '"') ?? (found[2] ?? '').trim())
    if (found[3] === undefined) break
  }
  return { path, isArray: text.endsWith('[]') }
}
