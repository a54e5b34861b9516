// Turns a configuration file, flags and environment variables into what the library takes.
// Strongest first: flag, variable, environment section of the file, database section of the file, default.
// Nothing is connected to, and no URL is ever quoted in an error.
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { GodwitError } from '../core/error.ts'
import type { DatabaseConfig, GodwitConfig } from './config.ts'
import { type EntryContext, resolveDialect } from './database-dialect.ts'
import { type Environment, resolveEnvironment } from './environment.ts'
import { findConfigFile } from './find.ts'
import type { LoadOptions } from './load-options.ts'
import { didYouMean } from './nearest.ts'
import type { ResolvedConfig, ResolvedDatabase } from './resolved.ts'
import { makeDatabase } from './store.ts'
import { loadEnvFiles, processVariables } from './variables.ts'

export interface LoadedConfig {
  readonly config: ResolvedConfig
  /** Absolute path; undefined without a configuration file. */
  readonly file: string | undefined
  /** `.env` files that were read. */
  readonly envFiles: readonly string[]
  /** Old names in use and the like, for stderr. */
  readonly notices: readonly string[]
}

/**
 * The configuration for a folder, as the library takes it.
 *
 * @param options default: search from the current folder
 * @throws GodwitError as {@link loadConfiguration}
 * @example
 * const godwit = makeGodwit(await loadConfig())
 */
export async function loadConfig(options: Partial<LoadOptions> = {}): Promise<ResolvedConfig> {
  return (await loadConfiguration({ cwd: process.cwd(), ...options })).config
}

/**
 * The same with what was read on the way, for a program that tells people.
 *
 * @throws GodwitError CONFIG.FILE_MISSING, CONFIG.FILE_INVALID, CONFIG.ENVIRONMENT_UNKNOWN, CONFIG.DATABASE_UNKNOWN,
 * CONFIG.URL_MISSING, CONFIG.URL_INVALID
 */
export async function loadConfiguration(options: LoadOptions): Promise<LoadedConfig> {
  const file = findConfigFile(options.cwd, options.config)
  const root = file === undefined ? resolve(options.cwd) : dirname(file)
  const { written, environment, envFiles } = await readFiles(options, file, root)
  const notices: string[] = []
  const place = { root, file: file === undefined ? undefined : shownPath(file, options.cwd) }
  const config = await assemble(written, environment, { ...place, options, notices, variables: processVariables() })
  return { config, file, envFiles, notices: [...new Set(notices)] }
}

/**
 * A configuration given in code, with the same checks and defaults. No file is looked for and no variable is read.
 *
 * @param options `root`: folder that relative paths start from, by default the current one. `env`: default the
 * configuration's `defaultEnvironment`, else `development`
 * @throws GodwitError CONFIG.FILE_INVALID, CONFIG.ENVIRONMENT_UNKNOWN, CONFIG.URL_MISSING, CONFIG.URL_INVALID
 * @example
 * const config = await resolveConfig({ databases: { main: { url: 'sqlite:./app.db' } } })
 */
export async function resolveConfig(
  config: GodwitConfig,
  options: { readonly root?: string; readonly env?: string } = {},
): Promise<ResolvedConfig> {
  const root = resolve(options.root ?? '.')
  const { validateConfig } = await import('./validate.ts')
  const written = validateConfig(config, undefined, '')
  const environment = resolveEnvironment(options.env, written)
  return assemble(written, environment, {
    root,
    file: undefined,
    options: { cwd: root },
    notices: [],
    variables: undefined,
  })
}

type Place = Pick<EntryContext, 'root' | 'file' | 'options' | 'notices' | 'variables'>

async function assemble(
  written: GodwitConfig | undefined,
  environment: Environment,
  place: Place,
): Promise<ResolvedConfig> {
  const { options, root } = place
  const entries = databaseEntries(written, environment, options)
  const names = Object.keys(entries)
  const selected = selectNames(names, options)
  const context: EntryContext = { ...place, environment, selected, count: names.length }
  const databases: ResolvedDatabase[] = []
  for (const [name, entry] of Object.entries(entries)) {
    const dialect = await resolveDialect(name, entry, context)
    if (dialect === undefined) continue
    const own = selected.includes(name) && options.migrations !== undefined
    const migrations = own ? { migrations: resolve(options.cwd, options.migrations ?? '') } : {}
    const lockWait = options.lockWaitMs === undefined ? {} : { lockWaitMs: options.lockWaitMs }
    databases.push(await makeDatabase(name, dialect, entry, { root, ...migrations, ...lockWait }))
  }
  const hooks = written?.hooks === undefined ? {} : { hooks: written.hooks }
  return { environment: environment.name, protected: environment.protected, root, ...hooks, databases }
}

/** Path as people see it: relative to where they stand when that is below, else as it is. */
function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short === '' || isAbsolute(short) || short.startsWith('../../..') ? path : short
}

interface ReadFiles {
  readonly written: GodwitConfig | undefined
  readonly environment: Environment
  readonly envFiles: readonly string[]
}

/**
 * A module may read variables that `.env` holds, and may say that its environment is protected, in which case `.env` must
 * not have been read: then the additions are taken back and the module is loaded again without them.
 */
async function readFiles(options: LoadOptions, file: string | undefined, root: string): Promise<ReadFiles> {
  const load = async (): Promise<GodwitConfig | undefined> => {
    if (file === undefined) return undefined
    const shown = shownPath(file, options.cwd)
    const [{ loadConfigFile }, { validateConfig }] = await Promise.all([import('./module.ts'), import('./validate.ts')])
    const { value, source } = await loadConfigFile(file, shown)
    return validateConfig(value, shown, source)
  }
  const guess = options.env ?? 'development'
  if (guess === 'production') {
    const written = await load()
    const environment = resolveEnvironment(options.env, written)
    if (!environment.envFiles) return { written, environment, envFiles: [] }
    const { files } = loadEnvFiles(root, environment.name)
    return { written: files.length === 0 ? written : await load(), environment, envFiles: files }
  }
  const first = loadEnvFiles(root, guess)
  const written = await load()
  const environment = resolveEnvironment(options.env, written)
  if (environment.envFiles && environment.name === guess) return { written, environment, envFiles: first.files }
  first.undo()
  const second = environment.envFiles ? loadEnvFiles(root, environment.name) : { files: [] }
  const changed = first.files.length > 0 || second.files.length > 0
  return { written: changed ? await load() : written, environment, envFiles: second.files }
}

/** Database sections with the environment's laid over them; `main` when nothing is configured. */
function databaseEntries(
  written: GodwitConfig | undefined,
  environment: Environment,
  options: LoadOptions,
): Record<string, DatabaseConfig> {
  const base = written?.databases ?? {}
  const over = environment.config.databases ?? {}
  const names = [...new Set([...Object.keys(base), ...Object.keys(over)])]
  if (names.length === 0)
    return {
      [options.databases?.length === 1 && written === undefined ? (options.databases[0] ?? 'main') : 'main']: {},
    }
  return Object.fromEntries(
    names.map(name => {
      const [low, high] = [base[name] ?? {}, over[name] ?? {}]
      const settings = { ...low.settings, ...high.settings }
      const lock = { ...low.lock, ...high.lock }
      // A URL of the environment must not meet a dialect value made for another URL.
      const keep =
        high.url !== undefined && high.dialect === undefined && typeof low.dialect === 'object'
          ? { ...low, dialect: low.dialect.name }
          : low
      return [name, { ...keep, ...high, settings, lock }]
    }),
  )
}

/** @throws GodwitError CONFIG.DATABASE_UNKNOWN */
function selectNames(known: readonly string[], options: LoadOptions): readonly string[] {
  for (const name of options.databases ?? []) {
    if (known.includes(name)) continue
    throw new GodwitError('CONFIG.DATABASE_UNKNOWN', `No database "${name}" is configured.${didYouMean(name, known)}`, {
      why: `Configured ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}. No database was touched.`,
      meta: { database: name, known },
    })
  }
  const selected = options.databases?.length ? options.databases : known
  const single = options.url !== undefined ? '--url' : options.migrations !== undefined ? '--migrations' : undefined
  if (single !== undefined && selected.length !== 1)
    throw new GodwitError('CLI.USAGE_INVALID', `${single} is for one database, and ${selected.length} are selected.`, {
      why: `Name the one that is meant with --database. Configured are ${known.join(', ')}. No database was touched.`,
    })
  return selected
}
