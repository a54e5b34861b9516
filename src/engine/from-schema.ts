// Development only: a database without history is made straight from the wanted schema, and stamped at the heads.
import { randomUUID } from 'node:crypto'
import { GodwitError } from '../core/error.ts'
import { currentHeads } from '../core/revision/path.ts'
import type { SqlSection } from '../core/revision/revision.ts'
import type { JournalWrite } from '../dialect/journal.ts'
import { BatchFailure, type BatchItem } from '../dialect/session.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { loadHistory } from './history.ts'
import { acquireLease } from './lease.ts'
import { makeJournal } from './make-journal.ts'
import { checkFormat } from './plan.ts'
import { prepareSql } from './prepare.ts'
import { recover } from './recover.ts'
import type { DatabaseResult } from './result.ts'
import { knownError } from './known-error.ts'

const schemaRevision = { id: 'schema', options: { transaction: 'on' } } as const

/** Undefined: the database has a history already, so that `up` is the way. */
export async function makeFromSchema(
  database: EngineDatabase,
  schema: SqlSection,
  scope: RunScope,
): Promise<DatabaseResult | undefined> {
  const { dialect } = database
  const base = {
    name: database.name,
    dialect: dialect.name,
    url: dialect.target,
    dryRun: false,
    report: null,
    from: [],
  }
  let session: Awaited<ReturnType<typeof dialect.open>> | undefined
  try {
    const history = await loadHistory(database)
    session = await dialect.open({ purpose: 'run', signal: scope.signal })
    const found = await dialect.journal.read(session)
    checkFormat(found)
    if (found.applied.length > 0 || found.steps.length > 0) return undefined
    const prepared = await prepareSql(dialect, schemaRevision, schema)
    await makeJournal(dialect, session, found)
    const run = randomUUID()
    const lease = await acquireLease(database, session, scope, run, database.lock.waitMs)
    try {
      // As any run: whoever held the lock before is outlived, and what is half done is for `up` to go on with.
      const stop = AbortSignal.any([scope.signal, lease.lost])
      const waitMs = database.lock.waitMs
      const seen = await dialect.journal.read(session)
      const journal = await recover({ database, session, scope, stop, waitMs, lease, history }, seen)
      if (journal.applied.length > 0 || journal.steps.length > 0) return undefined
      const { by, tool } = scope.operator
      const stamped = history.graph.ids.map((id): JournalWrite => {
        const { checksum, fileHash, source } = history.revision(id)
        return {
          type: 'applied',
          id,
          checksum,
          fileHash,
          source,
          startedAtMs: Date.now(),
          statements: 0,
          kind: 'stamped',
          appliedBy: by,
          tool,
          run,
        }
      })
      const start: JournalWrite = { type: 'run-start', run: { id: run, verb: 'schema', by, tool } }
      const end: JournalWrite = {
        type: 'run-end',
        run,
        ok: true,
        applied: history.graph.ids,
        undone: [],
        error: undefined,
      }
      const render = dialect.journal.render as NonNullable<typeof dialect.journal.render>
      const record = render(lease.fence, [start, ...stamped, end])
      const statements = prepared.statements.map(
        (statement): BatchItem => ({
          kind: 'statement',
          sql: statement.text,
          ...(prepared.atomic ? {} : { alone: true }),
        }),
      )
      const items: BatchItem[] = prepared.atomic
        ? [{ kind: 'begin' }, ...statements, { kind: 'reset' }, ...record, { kind: 'commit' }]
        : [...statements, { kind: 'reset' }, { kind: 'begin' }, ...record, { kind: 'commit' }]
      try {
        await session.sql?.run(items)
      } catch (error) {
        if (!(error instanceof BatchFailure)) throw error
        if (error.connectionLost) throw error.cause
        await session.sql?.rollback()
        const mapped = dialect.mapError(error.cause)
        const at = prepared.statements[error.index - (prepared.atomic ? 1 : 0)]
        const why = prepared.atomic
          ? 'Everything was rolled back; the database is as before.'
          : 'This store cannot roll back: what stands before the statement was made.'
        throw new GodwitError(
          prepared.atomic ? 'RUN.STATEMENT_FAILED' : 'RUN.STATEMENT_FAILED_PARTIAL',
          mapped.message,
          {
            why,
            next: [`mend ${schema.file}`, 'godwit up'],
            ...(at ? { where: at.locate(error.offset) } : {}),
            cause: error,
          },
        )
      }
      const heads = currentHeads(history.graph, new Set(history.graph.ids))
      const steps = history.graph.ids.map(
        revision => ({ revision, direction: 'up', statements: 0, ms: 0, state: 'stamped' }) as const,
      )
      return { ...base, ok: true, to: heads, steps, verified: true }
    } finally {
      await lease.release()
    }
  } catch (cause) {
    return {
      ...base,
      ok: false,
      to: [],
      steps: [],
      verified: false,
      error: knownError(dialect, cause),
    }
  } finally {
    await session?.close()
  }
}
