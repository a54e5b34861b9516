// The writes of the journal as SQL text, so that they can travel in the transaction of the work they record.
// Each write contains the fence, in a place that is evaluated whenever the write changes something.
import type { Fence, JournalWrite } from '../journal.ts'
import type { JournalSql } from './journal-sql.ts'

/** Longest source text that is kept, in UTF-16 units; longer files are known by their hash only. */
export const SOURCE_LIMIT = 262_144

/** One write as SQL statements, in order. */
export function renderWrite(sql: JournalSql, fence: Fence, write: JournalWrite): string[] {
  const guard = fence.fence === 0 ? '0' : sql.fence(fence)
  const value = sql.literal
  switch (write.type) {
    case 'applied':
      return [
        // The aggregate makes this one row also on an empty table, and MySQL allows it where it forbids a subquery
        // on the table that is written.
        `INSERT INTO ${sql.table('revision')} (id, checksum, file_hash, source, applied_at, ms, statements, kind, ` +
          'applied_by, tool, run, sequence, fence) ' +
          `SELECT ${value(write.id)}, ${value(write.checksum ?? null)}, ${value(write.fileHash ?? null)}, ` +
          `${value(keptSource(write.source))}, ${sql.now}, ${sql.elapsedMs(write.startedAtMs)}, ` +
          `${value(write.statements)}, ${value(write.kind)}, ${value(write.appliedBy)}, ${value(write.tool)}, ` +
          `${value(write.run)}, COALESCE(MAX(sequence), 0) + 1, ${guard} FROM ${sql.table('revision')}`,
      ]
    case 'undone':
      return [
        ...stepRemoval(sql, guard, write.id),
        `DELETE FROM ${sql.table('revision')} WHERE id = ${value(write.id)}`,
      ]
    case 'accept':
      return [
        `UPDATE ${sql.table('revision')} SET checksum = ${value(write.checksum ?? null)}, ` +
          `file_hash = ${value(write.fileHash ?? null)}, source = ${value(keptSource(write.source))}, ` +
          `fence = ${guard} WHERE id = ${value(write.id)}`,
      ]
    case 'step':
      return [stepUpsert(sql, guard, write.step, write.observe, write.when)]
    case 'step-end':
      return stepRemoval(sql, guard, write.revision)
    case 'run-start':
      return [
        `INSERT INTO ${sql.table('run')} (id, verb, started_at, run_by, tool, fence) VALUES (` +
          `${value(write.run.id)}, ${value(write.run.verb)}, ${sql.now}, ${value(write.run.by)}, ` +
          `${value(write.run.tool)}, ${guard})`,
      ]
    case 'run-end':
      return [
        `UPDATE ${sql.table('run')} SET ended_at = ${sql.now}, ok = ${value(write.ok)}, ` +
          `applied = ${value(JSON.stringify(write.applied))}, undone = ${value(JSON.stringify(write.undone))}, ` +
          `error = ${value(write.error ?? null)}, fence = ${guard} WHERE id = ${value(write.run)}`,
      ]
  }
}

/** A DELETE cannot violate NOT NULL, and an UPDATE of no row checks nothing: a row is written first, then removed. */
function stepRemoval(sql: JournalSql, guard: string, revision: string): string[] {
  const none = { revision, direction: 'down', done: 0, running: null, total: 0, hashes: [], error: null } as const
  return [stepUpsert(sql, guard, none), `DELETE FROM ${sql.table('step')} WHERE revision = ${sql.literal(revision)}`]
}

function stepUpsert(
  sql: JournalSql,
  guard: string,
  step: Extract<JournalWrite, { type: 'step' }>['step'],
  observe?: string,
  when?: string,
): string {
  const value = sql.literal
  const begun = step.running !== null
  return sql.upsert(
    'step',
    ['revision'],
    {
      revision: value(step.revision),
      direction: value(step.direction),
      done: value(step.done),
      running: value(step.running),
      total: value(step.total),
      hashes: value(JSON.stringify(step.hashes)),
      started_at: sql.now,
      error: value(step.error),
      fence: guard,
      observed: (begun ? observe : undefined) ?? 'NULL',
      backend: begun ? sql.connection.backend : 'NULL',
      backend_start: begun ? sql.connection.backendStart : 'NULL',
    },
    ['started_at'],
    when,
  )
}

/** A text with NUL cannot be stored in every store, and would not be SQL either. */
function keptSource(source: string | undefined): string | null {
  if (source === undefined || source.length > SOURCE_LIMIT || source.includes('\0')) return null
  return source
}
