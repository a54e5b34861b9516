// Throw-away databases to load schemas into: on a server that is named for it, else without any server where the store
// can do that.
import { homedir } from 'node:os'
import { join } from 'node:path'
import { GodwitError } from '../core/error.ts'
import type { Dialect, Scratch } from '../dialect/dialect.ts'
import { makeDialect } from './store.ts'
import { readUrl, type StoreKind } from './url.ts'
import { processVariables, type Variables } from './variables.ts'

export interface ScratchOptions {
  readonly kind: StoreKind
  /** `--scratch`: a server on which databases may be made and dropped. */
  readonly url?: string
  /** A database that is compared: scratch databases are made beside it where its user may do that. */
  readonly beside?: Dialect
  readonly cwd: string
  /** SQL that will be loaded. */
  readonly texts: readonly string[]
}

/** @throws GodwitError SCHEMA.SCRATCH_MISSING, CONFIG.*, CONNECT.*, whatever the making throws */
export async function makeScratch(options: ScratchOptions): Promise<Scratch> {
  const { kind, url, beside } = options
  if (url !== undefined) {
    const read = readUrl(url, options.cwd, '--scratch')
    const made = await (await makeDialect(read.kind, { url: read.url })).scratch?.()
    if (made) return made
  }
  // The same server gives the same words for the same thing; PGlite is the second best.
  // Revisions of MySQL can name any database of their server (USE), so they are never run beside a live one.
  const made = kind === 'mysql' ? undefined : await beside?.scratch?.().catch(() => undefined)
  if (made) return made
  switch (kind) {
    case 'postgres':
    case 'pglite': {
      const { memoryScratch } = await import('../dialect/postgres/scratch-pglite.ts')
      return memoryScratch({ cacheFolder: cacheFolder(processVariables()), texts: options.texts })
    }
    case 'sqlite':
    case 'duckdb': {
      const memory = await makeDialect(kind, { url: `${kind}::memory:` })
      return (await memory.scratch?.()) as Scratch
    }
    case 'mysql': {
      const { privateScratch } = await import('../dialect/mysql/scratch-server.ts')
      const { mysql } = await import('../dialect/mysql/index.ts')
      const variables = processVariables()
      return privateScratch({
        cacheFolder: cacheFolder(variables),
        path: variables['PATH'] ?? '',
        dialect: url => mysql({ url }),
      })
    }
    case 'chroma':
      throw new GodwitError('SCHEMA.SCRATCH_MISSING', 'Chroma has no scratch databases', {
        why: 'Its collections are compared where they are. Nothing was compared.',
      })
  }
}

/** Where things are kept that can be made anew, as the system wants it. */
function cacheFolder(variables: Variables): string {
  const { XDG_CACHE_HOME: cache, LOCALAPPDATA: local } = variables
  return join(cache || local || join(homedir(), '.cache'), 'godwit')
}
