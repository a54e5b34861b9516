// DuckDB's values as plain JavaScript, and back. Nothing is rounded: whole numbers beyond 2^53 stay bigints,
// decimals, dates, times and UUIDs become their text.
import { GodwitError } from '../../core/error.ts'
import type { DuckdbModule } from './driver.ts'

export function plainRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(row)) plain[name] = plainValue(value)
  return plain
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  if (typeof value !== 'object' || value === null) return value
  // Told apart by their fields, because an application may bring another copy of the driver.
  const { items, entries, bytes } = value as { items?: unknown; entries?: unknown; bytes?: unknown }
  if (bytes instanceof Uint8Array) return bytes
  if (Array.isArray(items)) return items.map(plainValue)
  if (Array.isArray(entries)) {
    return (entries as { key: unknown; value: unknown }[]).map(entry => [
      plainValue(entry.key),
      plainValue(entry.value),
    ])
  }
  if (typeof entries === 'object' && entries !== null) return plainRow(entries as Record<string, unknown>)
  return String(value)
}

type Bindable = Parameters<InstanceType<DuckdbModule['DuckDBConnection']>['run']>[1]

/** @throws GodwitError RUN.CODE_FAILED for a value that cannot be bound */
export function bindable(module: DuckdbModule, params: readonly unknown[]): Bindable {
  return params.map((value, index) => {
    if (value === null || value === undefined) return null
    if (typeof value === 'object') {
      if (value instanceof Date) return value.toISOString()
      if (value instanceof Uint8Array) return new module.DuckDBBlobValue(value)
      // The driver's own value classes pass.
      if (value.constructor.name.startsWith('DuckDB')) return value
    } else if (typeof value !== 'function' && typeof value !== 'symbol') {
      return value
    }
    throw new GodwitError('RUN.CODE_FAILED', `parameter ${index + 1} cannot be bound: ${typeof value}`)
  }) as Bindable
}
