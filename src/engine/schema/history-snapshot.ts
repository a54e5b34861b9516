// What a history leads to: its revisions run on an empty scratch database, which is then read.
import { resolveTarget } from '../../core/revision/target.ts'
import { upPath } from '../../core/revision/path.ts'
import type { Dialect } from '../../dialect/dialect.ts'
import type { IntrospectOptions } from '../../dialect/introspector.ts'
import type { Snapshot } from '../../schema/model/snapshot.ts'
import type { EngineDatabase, RunScope } from '../database.ts'
import { executePlan } from '../execute.ts'
import { type History, loadHistory } from '../history.ts'
import { acquireLease } from '../lease.ts'
import type { RunPlan } from '../plan.ts'
import { prepareWork } from '../work.ts'
import { schemaPartOf } from './load-texts.ts'

/**
 * @param empty a scratch database; it holds the schema afterwards
 * @param target as for `up`, or `applied`: what the database itself has; default all heads
 * @throws GodwitError of the revision that failed
 */
export async function historySnapshot(
  database: EngineDatabase,
  empty: Dialect,
  target: string | undefined,
  options: IntrospectOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<Snapshot> {
  const { introspector } = await schemaPartOf(empty)
  const history = await loadHistory(database)
  const ids = target === 'applied' ? await appliedIds(database, history) : idsTo(history, target)
  const works = await prepareWork(empty, history, ids, 'up')
  const on: EngineDatabase = { ...database, dialect: empty }
  const scope: RunScope = {
    operator: { by: 'scratch', pid: 0, tool: '' },
    hooks: {},
    signal,
    emit: () => {},
    live: false,
  }
  const session = await empty.open({ purpose: 'run', signal })
  try {
    await empty.journal.ensure(session)
    const lease = await acquireLease(on, session, scope, 'scratch', 0)
    try {
      const run = {
        database: on,
        scope,
        session,
        lease,
        run: 'scratch',
        stop: signal,
        resume: new Map(),
        outcome: new Map(),
      }
      await executePlan({ ...run, direction: 'up' }, noPlan, works, async () => {})
    } finally {
      await lease.release()
    }
    return await introspector.introspect(session, options)
  } finally {
    await session.close()
  }
}

function idsTo({ graph }: History, target: string | undefined): readonly string[] {
  if (target === undefined) return graph.ids
  const applied = new Set<string>()
  return upPath(graph, applied, resolveTarget(graph, applied, target, 'up'))
}

/** In the order of the history, which is one in which they can run. */
async function appliedIds(database: EngineDatabase, { graph }: History): Promise<readonly string[]> {
  const session = await database.dialect.open({ purpose: 'read' })
  try {
    const journal = await database.dialect.journal.read(session)
    const applied = new Set(journal.applied.map(row => row.id))
    return graph.ids.filter(id => applied.has(id))
  } finally {
    await session.close()
  }
}

const noPlan: RunPlan = { direction: 'up', revisions: [], from: [], to: [], before: new Set(), resume: new Map() }
