// The configuration after files, flags and environment variables were read: what the library's door takes.
// Plain values only; nothing in it is looked up again later, so one run sees one configuration.
import type { Dialect } from '../dialect/dialect.ts'
import type { RunHooks } from '../engine/hook.ts'
import type { RevisionSource } from '../source/source.ts'

/** One configured store, ready to be used. */
export interface ResolvedDatabase {
  /** Name in the configuration; `main` when there is no configuration file. */
  readonly name: string
  readonly dialect: Dialect
  readonly source: RevisionSource
  /** Absolute path of the folder of the revisions; undefined when they are given in code. */
  readonly migrationsPath?: string
  /** `timestamp`, `sequential`, or a pattern such as `{yyyy}{MM}{dd}_{slug}`. */
  readonly naming: string
  /** IANA zone of the time stamps in names. */
  readonly timeZone: string
  /** Duplicate and missing sequential numbers are errors. */
  readonly strictSequence: boolean
  /** Milliseconds. */
  readonly lock: { readonly waitMs: number; readonly ttlMs: number }
}

/**
 * Everything a run needs to know.
 * @example
 * const godwit = makeGodwit(await loadConfig())
 */
export interface ResolvedConfig {
  /** Name of the environment, `development` by default. */
  readonly environment: string
  /** Changes need `confirm: environment` (CONFIG.PROTECTED). */
  readonly protected: boolean
  /** Absolute folder against which paths are shown to people: the folder of the configuration file. */
  readonly root: string
  readonly hooks?: RunHooks
  /** In the order of the configuration. */
  readonly databases: readonly ResolvedDatabase[]
}

/** Milliseconds a run waits for another runner, and a lease lives without a heartbeat, unless configured. */
export const lockDefaults = { waitMs: 30_000, ttlMs: 30_000 } as const
