// The public door of the package: configuration, the library, the types of its results and errors.
export type { Godwit, NewOptions, RepairOptions, RunOptions, ScriptOptions, SelectOptions } from './api.ts'
export { defineConfig } from './config/config.ts'
export type {
  AnyRevisionContext,
  DatabaseConfig,
  EnvironmentConfig,
  GodwitConfig,
  LockConfig,
} from './config/config.ts'
export { loadConfig, resolveConfig } from './config/load.ts'
export type { ResolvedConfig, ResolvedDatabase } from './config/resolved.ts'
export { GodwitError, isGodwitError } from './core/error.ts'
export type { ErrorDetails, ErrorLocation } from './core/error.ts'
export type { ErrorCode } from './core/error-codes.ts'
export type { Finding } from './core/finding.ts'
export { version } from './core/version.ts'
export type { RevisionContext } from './engine/code-context.ts'
export type { RunEvent, RunObserver } from './engine/event.ts'
export type { HookContext, RunHooks } from './engine/hook.ts'
export type * from './engine/result.ts'
export { createGodwit, makeGodwit } from './library/create.ts'
export { defineRevision } from './library/define-revision.ts'
export { migrateOnStart, pendingCheck, type StartOptions } from './library/start.ts'
export type { MemoryRevision } from './source/memory.ts'
