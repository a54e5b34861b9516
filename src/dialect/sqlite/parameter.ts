// Query parameters as every driver can bind them. libsql ends the process for a boolean, so nothing else passes.
import { GodwitError } from '../../core/error.ts'
import type { SqliteValue } from './driver/driver.ts'

/** @throws GodwitError RUN.CODE_FAILED for a value SQLite has no type for */
export function bindable(params: readonly unknown[]): SqliteValue[] {
  return params.map((value, index) => {
    if (value === null || value === undefined) return null
    if (typeof value === 'boolean') return value ? 1 : 0
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') return value
    if (value instanceof Uint8Array) return value
    if (value instanceof Date) return value.toISOString()
    throw new GodwitError('RUN.CODE_FAILED', `parameter ${index + 1} cannot be bound: ${typeof value}`, {
      why: 'SQLite binds null, numbers, bigints, text, bytes, booleans (0 and 1) and dates (ISO 8601 text)',
    })
  })
}
