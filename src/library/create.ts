// The library: the verbs of the command line as functions. It never exits the process and never prints.
import { hostname, userInfo } from 'node:os'
import type { Godwit, RepairOptions, RunOptions, SelectOptions } from '../api.ts'
import type { GodwitConfig } from '../config/config.ts'
import type { ResolvedConfig, ResolvedDatabase } from '../config/resolved.ts'
import { GodwitError } from '../core/error.ts'
import { didYouMean, suggestNames } from '../core/revision/wording.ts'
import type { Direction } from '../core/revision/revision.ts'
import { version } from '../core/version.ts'
import { runDatabases } from '../engine/coordinate.ts'
import type { Operator, RunScope } from '../engine/database.ts'
import type { RunResult } from '../engine/result.ts'
import { databaseStatus } from '../engine/status.ts'

/** What applications do not do at each start; loaded when it is asked for. */
const rare = () => import('./rare.ts')

/**
 * Makes the library for a configuration given in code: no file is looked for and no variable is read.
 *
 * @throws CONFIG.*
 * @example
 * const godwit = await createGodwit({ databases: { main: { url: 'sqlite:./app.db', revisions } } })
 */
export async function createGodwit(config: GodwitConfig): Promise<Godwit> {
  const { resolveConfig } = await import('../config/load.ts')
  return makeGodwit(await resolveConfig(config))
}

/**
 * Makes the library for a resolved configuration.
 *
 * @example
 * const godwit = makeGodwit(await loadConfig())
 * const result = await godwit.up()
 * if (!result.ok) console.error(result.error?.message, result.error?.next)
 */
export function makeGodwit(config: ResolvedConfig): Godwit {
  const pick = (options?: SelectOptions) => selectDatabases(config, options?.databases)
  const only = (name?: string) => singleDatabase(config, name)
  const run =
    (direction: Direction, command: string) =>
    (options: RunOptions = {}) => {
      if (!options.dryRun) refuseProtected(config, options.confirm)
      const request = { command, direction, target: options.target ?? (direction === 'up' ? 'head' : '-1') }
      const how = {
        dryRun: options.dryRun ?? false,
        parallel: options.parallel ?? false,
        lockWaitMs: options.lockWaitMs,
        all: config.databases,
      }
      return runDatabases(pick(options), { ...request, ...how }, scopeOf(config, options))
    }
  const status: Godwit['status'] = async options => {
    const databases = await Promise.all(pick(options).map(database => databaseStatus(database, signalOf(options))))
    return { ok: databases.every(database => !database.error), command: 'status', databases }
  }
  return {
    databases: config.databases.map(database => database.name),
    environment: config.environment,
    up: run('up', 'up'),
    down: run('down', 'down'),
    status,
    async script(options) {
      const { offlineScript } = await rare()
      const up = options.direction === 'up'
      const request = {
        direction: options.direction,
        target: options.target ?? (up ? 'head' : '-1'),
        from: options.from ?? (up ? 'base' : 'head'),
      }
      const make = async (database: ResolvedDatabase) => ({
        database: database.name,
        sql: await offlineScript(database, request, operator()),
      })
      return Promise.all(pick(options).map(make))
    },
    async history(options) {
      const { databaseHistory } = await rare()
      const signal = signalOf(options)
      const databases = await Promise.all(
        pick(options).map(database => databaseHistory(database, signal, options?.offline ?? false)),
      )
      return { ok: databases.every(database => !database.error), command: 'history', databases }
    },
    show: async (revision, options) =>
      (await rare()).showRevision(only(options?.database), revision, signalOf(options)),
    newRevision: async options => (await rare()).writeNew(only(options.database), options),
    merge: async options => (await rare()).writeMerge(only(options?.database), options),
    rebase: async options => (await rare()).writeRebase(only(options.database), options),
    async stamp(options) {
      refuseProtected(config, options.confirm)
      const { stampDatabase } = await rare()
      const databases = []
      for (const database of pick(options))
        databases.push(await stampDatabase(database, options.target, scopeOf(config, options)))
      const failed = databases.find(database => database.error)
      const result: RunResult = {
        ok: !failed,
        command: 'stamp',
        databases,
        ...(failed?.error ? { error: failed.error } : {}),
      }
      return result
    },
    async verify(options) {
      const { verifyDatabase } = await rare()
      const databases = await Promise.all(pick(options).map(database => verifyDatabase(database, signalOf(options))))
      return { ok: databases.every(database => database.ok), command: 'verify', databases }
    },
    async repair(options: RepairOptions = {}) {
      refuseProtected(config, options.confirm)
      const { repairDatabase } = await rare()
      const databases = []
      for (const database of pick(options))
        databases.push(await repairDatabase(database, options, scopeOf(config, options)))
      return { ok: databases.every(database => !database.error), command: 'repair', databases }
    },
    async lockStatus(options) {
      const { readLock } = await rare()
      const databases = await Promise.all(pick(options).map(database => readLock(database, signalOf(options))))
      return { ok: databases.every(database => !database.error), command: 'lock status', databases }
    },
    async lockBreak(options) {
      refuseProtected(config, options?.confirm)
      const { breakLock } = await rare()
      const databases = await Promise.all(pick(options).map(database => breakLock(database, signalOf(options))))
      return { ok: databases.every(database => !database.error), command: 'lock break', databases }
    },
    async isReady(options) {
      try {
        const { databases } = await status(options)
        return databases.every(database => database.state === 'current')
      } catch {
        return false
      }
    },
    async close() {},
  }
}

/** @throws CONFIG.DATABASE_UNKNOWN */
function selectDatabases(config: ResolvedConfig, names: readonly string[] | undefined): readonly ResolvedDatabase[] {
  if (!names || names.length === 0) return config.databases
  return names.map(name => {
    const found = config.databases.find(database => database.name === name)
    if (found) return found
    const known = config.databases.map(database => database.name)
    throw new GodwitError('CONFIG.DATABASE_UNKNOWN', `there is no database ${name}`, {
      why: `Configured are: ${known.join(', ')}. ${didYouMean(suggestNames(name, known)) ?? ''}`.trim(),
      next: known.map(other => `--database ${other}`),
    })
  })
}

/** @throws CONFIG.DATABASE_UNKNOWN when the name is needed to tell several apart */
function singleDatabase(config: ResolvedConfig, name: string | undefined): ResolvedDatabase {
  const [first, second] = selectDatabases(config, name === undefined ? undefined : [name])
  if (first && !second) return first
  const known = config.databases.map(database => database.name)
  throw new GodwitError('CONFIG.DATABASE_UNKNOWN', 'say which database is meant', {
    why: `Several are configured: ${known.join(', ')}.`,
    next: known.map(other => `--database ${other}`),
  })
}

/** @throws CONFIG.PROTECTED */
function refuseProtected(config: ResolvedConfig, confirm: string | undefined): void {
  if (!config.protected || confirm === config.environment) return
  throw new GodwitError('CONFIG.PROTECTED', `the environment ${config.environment} is protected`, {
    why: 'Changes there need its name as consent. Nothing was changed.',
    next: [`--confirm ${config.environment}`],
    meta: { environment: config.environment },
  })
}

const signalOf = (options?: { readonly signal?: AbortSignal }) => options?.signal ?? new AbortController().signal

function scopeOf(config: ResolvedConfig, options: Pick<RunOptions, 'signal' | 'on' | 'live'>): RunScope {
  return {
    operator: operator(),
    hooks: config.hooks ?? {},
    signal: signalOf(options),
    emit(event) {
      try {
        options.on?.(event)
      } catch {
        // Who only watches must not change what happens to a database, whatever it throws.
      }
    },
    live: options.live ?? false,
  }
}

function operator(): Operator {
  return { by: `${userName()}@${hostname()}`, pid: process.pid, tool: version }
}

/** A process without an entry in the user data base (a container with a bare uid) still has a number. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`
  }
}
