// PGlite as a dialect: PostgreSQL in process, in memory or in a folder. One process, one connection.
import { randomUUID } from 'node:crypto'
import { GodwitError } from '../../core/error.ts'
import type { Dialect, Scratch } from '../dialect.ts'
import { sqlJournal } from '../sql/journal.ts'
import { pgliteCapabilities } from './capability.ts'
import { mapError } from './error.ts'
import { literal, postgresJournalSql } from './journal.ts'
import { postgresLocker } from './lock.ts'
import { processRecovery } from './recovery.ts'
import { PgliteConnection, type PgliteInstance, pgliteSession } from './session-pglite.ts'
import { postgresSql } from './sql-part.ts'

/** Where the database is and how it is made. */
export interface PgliteSettings {
  /** `pglite:./folder`; `pglite:` alone is in memory. */
  readonly url?: string
  /** Folder of the database. Default: in memory, for as long as this dialect value lives. */
  readonly dataDir?: string
  /** Passed to `PGlite.create` as they are: `extensions`, `loadDataDir` … */
  readonly options?: Readonly<Record<string, unknown>>
  /** Schemas, first one first, as after `SET search_path =`. */
  readonly searchPath?: string
}

/**
 * A PGlite, by settings or as a live instance (which is used, and not closed).
 *
 * @example
 * pglite({ dataDir: './pgdata' })
 * @throws GodwitError CONFIG.DRIVER_MISSING and CONNECT.FILE_INVALID when it is opened
 */
export function pglite(given: PgliteSettings | PgliteInstance = {}): Dialect {
  return makePglite(given).dialect
}

/** One in memory with these options of `PGlite.create`; it ends when it is disposed. */
export function pgliteScratch(options: Readonly<Record<string, unknown>>): Scratch {
  return makePglite({ options })
}

function isInstance(given: PgliteSettings | PgliteInstance): given is PgliteInstance {
  return 'execProtocol' in given && typeof given.execProtocol === 'function'
}

function makePglite(given: PgliteSettings | PgliteInstance): { dialect: Dialect; dispose(): Promise<void> } {
  const settings: PgliteSettings = isInstance(given) ? {} : given
  const dataDir = isInstance(given) ? undefined : folderOf(settings)
  const setup = settings.searchPath === undefined ? [] : [`SET search_path = ${settings.searchPath}`]
  // A folder is open in one process at a time, so a lease of another instance has no living holder.
  const backend = isInstance(given) ? sharedConnection(given).backend : `pglite-${randomUUID()}`
  const own = { backend: literal(backend), backendStart: "''" }
  const connections = pool(given, settings, dataDir)
  const dialect: Dialect = {
    name: 'postgres',
    capabilities: pgliteCapabilities,
    target: isInstance(given) ? 'pglite (given instance)' : `pglite:${dataDir ?? ''}`,
    sql: postgresSql,
    operations: undefined,
    journal: sqlJournal({ ...postgresJournalSql, connection: own }),
    locker: postgresLocker({
      server: false,
      proof: {
        ...own,
        gone: `l.backend IS DISTINCT FROM ${literal(backend)}`,
      },
    }),
    recovery: processRecovery(),
    async open({ signal }) {
      if (signal?.aborted)
        throw new GodwitError('RUN.ABORTED', 'stopped while connecting', { why: 'nothing was changed' })
      const connection = await connections.take()
      const { rows } = await connection.instance.query('SHOW server_version')
      const version = String(rows[0]?.['server_version'] ?? '')
      if (setup.length > 0) await connection.instance.exec(setup.join(';'))
      return pgliteSession(connection, { version, backend, setup }, () => connections.giveBack())
    },
    mapError: error => mapError(error, []),
    schema: async () => (await import('./schema.ts')).schemaPart,
    async scratch() {
      const { options } = settings
      const { dataDir: _folder, loadDataDir: _image, ...rest } = options ?? {}
      const made = makePglite({ options: rest })
      return { dialect: made.dialect, dispose: made.dispose }
    },
  }
  return { dialect, dispose: () => connections.dispose() }
}

/** A folder is closed with its last session, so that the process leaves it clean; memory would be lost by that. */
function pool(given: PgliteSettings | PgliteInstance, settings: PgliteSettings, dataDir: string | undefined) {
  let opening: Promise<PgliteConnection> | undefined
  let users = 0
  const close = async (): Promise<void> => {
    const current = opening
    opening = undefined
    if (current !== undefined && !isInstance(given)) await (await current).instance.close()
  }
  return {
    async take(): Promise<PgliteConnection> {
      opening ??= isInstance(given) ? Promise.resolve(sharedConnection(given)) : create(settings, dataDir)
      try {
        const connection = await opening
        users++
        return connection
      } catch (error) {
        opening = undefined
        throw error
      }
    },
    async giveBack(): Promise<void> {
      users--
      if (users === 0 && dataDir !== undefined) await close()
    },
    dispose: () => close().catch(() => {}),
  }
}

const shared = new WeakMap<PgliteInstance, PgliteConnection>()

/** Two dialects on one live instance wait for each other too. */
function sharedConnection(instance: PgliteInstance): PgliteConnection {
  const known = shared.get(instance) ?? new PgliteConnection(instance)
  shared.set(instance, known)
  return known
}

async function create(settings: PgliteSettings, dataDir: string | undefined): Promise<PgliteConnection> {
  const module = await import('@electric-sql/pglite').catch(error => {
    throw new GodwitError('CONFIG.DRIVER_MISSING', 'the package @electric-sql/pglite is not installed', {
      why: 'nothing was opened and nothing changed',
      next: ['npm install @electric-sql/pglite'],
      cause: error,
    })
  })
  const PGlite = module.PGlite as unknown as { create(options: object): Promise<PgliteInstance> }
  try {
    return new PgliteConnection(
      await PGlite.create({ ...settings.options, ...(dataDir === undefined ? {} : { dataDir }) }),
    )
  } catch (error) {
    throw new GodwitError('CONNECT.FILE_INVALID', `the PGlite database ${dataDir ?? 'in memory'} cannot be opened`, {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}

function folderOf(settings: PgliteSettings): string | undefined {
  const path = settings.dataDir ?? settings.url?.replace(/^pglite:(?:\/\/(?=.))?/i, '').replace(/\?.*$/s, '')
  return path === undefined || path === '' || /^(?::memory:|memory(?::.*)?)$/.test(path) ? undefined : path
}
