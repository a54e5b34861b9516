// Loads @duckdb/node-api, an optional peer, on first use.
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { GodwitError } from '../../core/error.ts'

export type DuckdbModule = typeof import('@duckdb/node-api')
export type { DuckDBConnection, DuckDBInstance }

/** @throws GodwitError CONFIG.DRIVER_MISSING */
export async function loadDuckdb(): Promise<DuckdbModule> {
  try {
    return await import('@duckdb/node-api')
  } catch (error) {
    throw new GodwitError('CONFIG.DRIVER_MISSING', '@duckdb/node-api cannot be loaded', {
      why: reasonOf(error),
      next: ['npm install @duckdb/node-api'],
      cause: error,
    })
  }
}

/** Node's own sentence about a missing package ends with a path inside of godwit, which helps nobody. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
  return /^Cannot find (?:package|module) '@duckdb\/node-api'/.test(message)
    ? 'the package is not installed; nothing was connected and nothing changed'
    : message
}
