// The dialect of one configured database: which URL counts, where it came from, and what to say when there is none.
import { GodwitError } from '../core/error.ts'
import type { Dialect } from '../dialect/dialect.ts'
import type { DatabaseConfig } from './config.ts'
import type { Environment } from './environment.ts'
import type { LoadOptions } from './load-options.ts'
import { makeDialect, storeWithoutUrl, unknownStore } from './store.ts'
import { kindOfName, readUrl, urlForms } from './url.ts'
import { findUrl, urlVariables, type Variables } from './variables.ts'

/** What all databases of one loading share. */
export interface EntryContext {
  readonly options: LoadOptions
  readonly environment: Environment
  readonly root: string
  readonly selected: readonly string[]
  readonly notices: string[]
  /** Undefined for a configuration given in code: no variable counts. */
  readonly variables: Variables | undefined
  readonly count: number
  /** As people see it. */
  readonly file: string | undefined
}

/**
 * Undefined when the database has no URL and is not needed by this call.
 *
 * @throws GodwitError CONFIG.URL_MISSING, CONFIG.URL_INVALID
 */
export async function resolveDialect(
  name: string,
  entry: DatabaseConfig,
  context: EntryContext,
): Promise<Dialect | undefined> {
  const given = findGivenUrl(name, entry, context)
  if (typeof entry.dialect === 'object' && given?.override !== true) return entry.dialect
  const named = typeof entry.dialect === 'object' ? entry.dialect.name : entry.dialect
  const settings = entry.settings ?? {}
  if (given === undefined) {
    const kind = named === undefined ? undefined : kindOfName(named)
    if (
      kind !== undefined &&
      ['host', 'socketPath', 'path', 'file', 'dataDir', 'connection', 'socket'].some(key => key in settings)
    )
      return makeDialect(kind, settings)
    const missing = urlMissing(name, context)
    if (context.options.offline)
      return kind === undefined ? unknownStore(missing) : storeWithoutUrl(kind, settings, missing)
    if (context.selected.includes(name)) throw missing
    return undefined
  }
  // A URL from outside may be of another store than the file says: then its own scheme counts.
  const kind = named === undefined || given.override ? undefined : kindOfName(named)
  const read = readUrl(given.url, given.base, given.from, kind)
  return makeDialect(read.kind, { ...settings, url: read.url })
}

interface GivenUrl {
  readonly url: string
  /** Folder that a relative path in it starts from. */
  readonly base: string
  readonly from: string
  /** It replaces what the file says. */
  readonly override: boolean
}

function findGivenUrl(name: string, entry: DatabaseConfig, context: EntryContext): GivenUrl | undefined {
  const { options, environment, selected, count } = context
  const variables = context.variables ?? {}
  const base = options.cwd
  if (options.url !== undefined && selected.includes(name))
    return { url: options.url, base, from: '--url', override: true }
  const strong = findUrl(
    variables,
    urlVariables(name, environment.name, count === 1).filter(v => v.startsWith('GODWIT_')),
  )
  if (strong !== undefined) return { url: strong.url, base, from: strong.variable, override: true }
  if (entry.url !== undefined)
    return { url: entry.url, base: context.root, from: `databases.${name}.url`, override: false }
  if (typeof entry.dialect === 'object') return undefined
  const weak = findUrl(variables, urlVariables(name, environment.name, count === 1 || name === 'main'))
  if (weak === undefined) return undefined
  if (weak.notice !== undefined) context.notices.push(weak.notice)
  return { url: weak.url, base, from: weak.variable, override: false }
}

/** Says every way to give a URL. */
function urlMissing(name: string, context: EntryContext): GodwitError {
  if (context.variables === undefined)
    return new GodwitError('CONFIG.URL_MISSING', `No URL is given for the database "${name}".`, {
      why: `It is databases.${name}.url, or a dialect value such as postgres({ url }) in databases.${name}.dialect. No database was touched.`,
      meta: { database: name },
    })
  const { environment, count, file } = context
  const names = urlVariables(name, environment.name, count === 1 || name === 'main').filter(
    v => v !== 'DB_DATABASE_URL',
  )
  const inFile =
    file === undefined ? 'a godwit.config.ts (`godwit init` writes one)' : `databases.${name}.url in ${file}`
  const envFile = environment.envFiles
    ? `, also in .env or .env.${environment.name}`
    : `; .env files are not read in ${environment.name}`
  return new GodwitError('CONFIG.URL_MISSING', `No URL is known for the database "${name}".`, {
    why: `It can come from --url, from ${inFile}, or from one of the variables ${names.join(', ')}${envFile}. No database was touched.`,
    next: [
      `godwit status --url ${urlForms[0]}`,
      'godwit status --url sqlite:./app.db',
      ...(file === undefined ? ['godwit init'] : []),
    ],
    meta: { database: name, environment: environment.name, variables: names },
  })
}
