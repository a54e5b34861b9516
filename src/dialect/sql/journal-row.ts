// Rows of the journal as the drivers give them, turned into the engine's types. Drivers give whole numbers as
// number, bigint or text. What godwit cannot have written is refused by name: JOURNAL.DAMAGED.
import { GodwitError } from '../../core/error.ts'
import type { AppliedRow, LeaseRow, StepRow } from '../journal.ts'

type Row = Readonly<Record<string, unknown>>

const SHA256 = /^[0-9a-f]{64}$/

/** @throws GodwitError JOURNAL.DAMAGED */
export function readApplied(row: Row): AppliedRow {
  const id = requiredText(row, 'godwit_revision', 'id', '?')
  const table = 'godwit_revision'
  const kind = row['kind']
  if (kind !== 'applied' && kind !== 'stamped') throw damaged(table, id, 'kind', kind)
  const fileHash = nullableText(row['file_hash'])
  const checksum = nullableText(row['checksum'])
  // A file has both; a function has neither, unless its author gave it a checksum of any form.
  if (fileHash !== null) {
    if (!SHA256.test(fileHash)) throw damaged(table, id, 'file_hash', fileHash)
    if (checksum === null || !SHA256.test(checksum)) throw damaged(table, id, 'checksum', checksum)
  }
  count(row, table, 'fence', id)
  return {
    id,
    checksum,
    fileHash,
    appliedAt: requiredText(row, table, 'applied', id),
    ms: count(row, table, 'ms', id),
    statements: count(row, table, 'statements', id),
    kind,
    appliedBy: requiredText(row, table, 'applied_by', id),
    tool: requiredText(row, table, 'tool', id),
    sequence: count(row, table, 'sequence', id, 1),
  }
}

/** @throws GodwitError JOURNAL.DAMAGED */
export function readStep(row: Row): StepRow {
  const table = 'godwit_step'
  const revision = requiredText(row, table, 'revision', '?')
  const direction = row['direction']
  if (direction !== 'up' && direction !== 'down') throw damaged(table, revision, 'direction', direction)
  const done = count(row, table, 'done', revision)
  const total = count(row, table, 'total', revision)
  if (total !== 0 && done > total) throw damaged(table, revision, 'done', done)
  const running = row['running'] === null ? null : count(row, table, 'running', revision, 1)
  // Steps are begun one after the other.
  if (running !== null && (running !== done + 1 || (total !== 0 && running > total))) {
    throw damaged(table, revision, 'running', running)
  }
  count(row, table, 'fence', revision)
  const backend = nullableText(row['backend'])
  return {
    revision,
    direction,
    done,
    running,
    total,
    hashes: hashes(row['hashes'], revision),
    startedAt: requiredText(row, table, 'started', revision),
    error: nullableText(row['error']),
    observed: nullableText(row['observed']),
    connection: backend === null ? null : { backend, backendStart: text(row['backend_start']) },
  }
}

/** Keys and numbers are unique; tables that were copied without their constraints let others in. @throws GodwitError JOURNAL.DAMAGED */
export function refuseDoubles(rows: readonly AppliedRow[]): readonly AppliedRow[] {
  const ids = new Set<string>()
  const numbers = new Set<number>()
  for (const { id, sequence } of rows) {
    if (ids.has(id)) throw damaged('godwit_revision', id, 'id', `${id}, twice`)
    if (numbers.has(sequence)) throw damaged('godwit_revision', id, 'sequence', `${sequence}, twice`)
    ids.add(id)
    numbers.add(sequence)
  }
  return rows
}

/** The row of `leaseQuery`; undefined when the lease is free. @throws GodwitError JOURNAL.DAMAGED */
export function readLease(row: Row): LeaseRow | undefined {
  const table = 'godwit_lease'
  const fence = count(row, table, 'fence', '1')
  const owner = nullableText(row['owner'])
  if (owner === null) return undefined
  return {
    owner,
    holder: text(row['holder']),
    backend: text(row['backend']),
    backendStart: text(row['backend_start']),
    fence,
    acquiredAt: text(row['acquired']),
    heartbeatAt: text(row['heartbeat']),
    expiresAt: text(row['expires']),
    expired: wholeNumber(row['expired']) === 1,
    ...(wholeNumber(row['ahead']) === 1 ? { ahead: true } : {}),
  }
}

/** A row that godwit did not write: which, where, and what was found. */
export function damaged(table: string, row: string, column: string, ...found: [unknown?]): GodwitError {
  const seen = found.length === 0 ? '' : `: found ${shown(found[0])}`
  return new GodwitError('JOURNAL.DAMAGED', `${table}, row ${row}: ${column}${seen}`, {
    why: 'the row was changed by something other than godwit; nothing was run',
    next: ['set the value right by hand, or put the row back from a backup', 'godwit status'],
    meta: { table, row, column, ...(found.length === 0 ? {} : { found: shown(found[0]) }) },
  })
}

/** A whole number given as number, bigint or decimal text; undefined for anything else. */
export function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'string' && !/^-?\d+$/.test(value)) return undefined
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'string') return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

/** Text as it is, NULL as empty text. */
export function text(value: unknown): string {
  return nullableText(value) ?? ''
}

/** Text as it is, NULL and an absent column as null. */
export function nullableText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : String(value)
}

function requiredText(row: Row, table: string, column: string, id: string): string {
  const value = row[column]
  if (typeof value !== 'string' || value === '') throw damaged(table, id, column, value)
  return value
}

function count(row: Row, table: string, column: string, id: string, least = 0): number {
  const value = wholeNumber(row[column])
  // A driver that gives numbers as text would show them as text.
  if (value === undefined || value < least) throw damaged(table, id, column, value ?? row[column])
  return value
}

function hashes(value: unknown, revision: string): readonly string[] {
  let list: unknown
  try {
    list = JSON.parse(text(value))
  } catch {
    throw damaged('godwit_step', revision, 'hashes', value)
  }
  if (!Array.isArray(list) || !list.every(entry => typeof entry === 'string')) {
    throw damaged('godwit_step', revision, 'hashes', value)
  }
  return list
}

function shown(value: unknown): string {
  const written = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return written.length > 80 ? `${written.slice(0, 77)}…` : written
}
