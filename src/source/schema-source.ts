// Where a wanted or present schema comes from, as people write it: `history`, `live`, `file:schema.sql`, `url:postgres://…`.
// Reads files; connects to nothing and runs nothing.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { GodwitError } from '../core/error.ts'

export type SchemaSource =
  /** What the revisions of the configured database lead to; `target` as for `up`, default all heads. */
  | { readonly kind: 'history'; readonly target?: string }
  /** The configured database as it is. */
  | { readonly kind: 'live' }
  /** A SQL file, or a folder of them in the order of their names. */
  | { readonly kind: 'file'; readonly path: string }
  /** Another database as it is. */
  | { readonly kind: 'url'; readonly url: string }

/** One file of SQL that describes a schema. */
export interface SchemaText {
  /** As people see it. */
  readonly file: string
  readonly text: string
}

const FORMS = ['history', 'history:REVISION', 'live', 'file:PATH', 'url:URL']

/**
 * A plain path that ends in `.sql` and a plain URL are taken for what they are.
 * @param flag where it was given, for the error: `--from`
 * @throws GodwitError SCHEMA.SOURCE_INVALID, which never quotes a URL
 */
export function parseSchemaSource(text: string, flag: string): SchemaSource {
  const mark = text.indexOf(':')
  const kind = mark < 0 ? text : text.slice(0, mark)
  const rest = mark < 0 ? '' : text.slice(mark + 1)
  if (kind === 'history') return rest === '' ? { kind } : { kind, target: rest }
  if (kind === 'live' && rest === '') return { kind }
  if (kind === 'file' && rest !== '') return { kind, path: rest.replace(/^\/\/(?=\/)/, '') }
  if (kind === 'url' && rest !== '') return { kind, url: rest }
  if (/\.sql$/i.test(text)) return { kind: 'file', path: text }
  if (/^(postgres(ql)?|pglite|mysql|mariadb|sqlite3?|duckdb|chroma):/i.test(text)) return { kind: 'url', url: text }
  throw new GodwitError('SCHEMA.SOURCE_INVALID', `${flag} does not name a schema`, {
    why: `It can be ${FORMS.join(', ')}. Nothing was read.`,
    next: [`godwit diff ${flag} file:schema.sql`, `godwit diff ${flag} history`],
  })
}

/** @throws GodwitError SCHEMA.SOURCE_INVALID when there is no such file, or no `.sql` file in the folder */
export function readSchemaTexts(path: string, root: string): SchemaText[] {
  const full = resolve(root, path)
  const shown = (file: string) => relative(root, file) || file
  try {
    const files = statSync(full).isDirectory() ? sqlFiles(full) : [full]
    if (files.length === 0) throw missing(path, 'the folder has no .sql file')
    return files.map(file => ({ file: shown(file), text: readFileSync(file, 'utf8').replace(/^\uFEFF/, '') }))
  } catch (error) {
    if (error instanceof GodwitError) throw error
    throw missing(
      path,
      error instanceof Error ? error.message.replace(/^E[A-Z]+: /, '').replace(/,.*$/, '') : String(error),
    )
  }
}

function sqlFiles(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sqlFiles(path)
    return entry.name.toLowerCase().endsWith('.sql') ? [path] : []
  })
}

function missing(path: string, why: string): GodwitError {
  return new GodwitError('SCHEMA.SOURCE_INVALID', `${path} cannot be read: ${why}`, {
    why: 'It was to describe a schema. Nothing was compared.',
    where: { file: path },
  })
}
