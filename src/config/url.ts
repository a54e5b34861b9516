// Which store a URL means, and its file path made absolute, so that the same URL means the same file in every folder.
import { resolve } from 'node:path'
import { GodwitError } from '../core/error.ts'
import { didYouMean } from './nearest.ts'

export type StoreKind = 'postgres' | 'pglite' | 'mysql' | 'sqlite' | 'duckdb' | 'chroma'

const schemes: Readonly<Record<string, StoreKind>> = {
  postgres: 'postgres',
  postgresql: 'postgres',
  pglite: 'pglite',
  mysql: 'mysql',
  mariadb: 'mysql',
  sqlite: 'sqlite',
  sqlite3: 'sqlite',
  file: 'sqlite',
  duckdb: 'duckdb',
  chroma: 'chroma',
}

/** What a URL can look like, for people. */
export const urlForms: readonly string[] = [
  'postgres://user:password@host:5432/name',
  'mysql://user:password@host:3306/name',
  'mariadb://user:password@host:3306/name',
  'sqlite:./app.db',
  'duckdb:./app.duckdb',
  'pglite:./pgdata',
  'chroma://host:8000/tenant/database',
]

/** Kinds whose schemas can be loaded from SQL, as `--dialect` names them. */
export const sqlDialects: readonly string[] = ['postgres', 'mariadb', 'mysql', 'sqlite', 'duckdb']

/** The dialect a configuration means by a name such as `mariadb`. */
export function kindOfName(name: string): StoreKind | undefined {
  return name === 'mariadb'
    ? 'mysql'
    : (['postgres', 'pglite', 'mysql', 'sqlite', 'duckdb', 'chroma'] as const).find(kind => kind === name)
}

/**
 * The store of a URL; `kind` when the configuration has said it already.
 * @param base folder that relative file paths start from
 * @param from where the URL was given, for the error: `--url`, `DATABASE_URL`
 * @throws GodwitError CONFIG.URL_INVALID, which never quotes the URL
 */
export function readUrl(url: string, base: string, from: string, kind?: StoreKind): { kind: StoreKind; url: string } {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase()
  const found = kind ?? (scheme === undefined ? kindOfPath(url) : schemes[scheme])
  if (found === undefined) {
    const named =
      scheme === undefined
        ? 'has no scheme such as postgres: or sqlite:'
        : `begins with "${scheme}:", which is no known store`
    throw new GodwitError(
      'CONFIG.URL_INVALID',
      `The database URL from ${from} ${named}.${scheme === undefined ? '' : didYouMean(scheme, Object.keys(schemes))}`,
      {
        why: `Known forms are ${urlForms.join(', ')}. No database was touched.`,
        meta: { from, ...(scheme === undefined ? {} : { scheme }) },
      },
    )
  }
  if (found === 'sqlite' || found === 'duckdb' || found === 'pglite')
    return { kind: found, url: absolute(found, url, base) }
  return { kind: found, url }
}

/** A plain path is taken for a file when its ending says so. */
function kindOfPath(path: string): StoreKind | undefined {
  if (path === ':memory:' || /\.(db|sqlite|sqlite3|db3)$/i.test(path)) return 'sqlite'
  return /\.(duckdb|ddb)$/i.test(path) ? 'duckdb' : undefined
}

function absolute(kind: StoreKind, url: string, base: string): string {
  const rest = url.replace(/^[a-z][a-z0-9+.-]+:(\/\/(?=[^/]|\/))?/i, '')
  const mark = rest.indexOf('?')
  const path = mark < 0 ? rest : rest.slice(0, mark)
  const query = mark < 0 ? '' : rest.slice(mark)
  if (path === '' || path.startsWith(':memory:') || path === 'memory' || path.startsWith('memory:'))
    return `${kind}:${rest}`
  return `${kind}:${resolve(base, path)}${query}`
}
