// The SQL of a run as a script for a DBA: statements and journal rows, no database touched.
import { GodwitError } from '../core/error.ts'
import type { RevisionGraph } from '../core/revision/graph.ts'
import { downPath, upPath } from '../core/revision/path.ts'
import type { Direction } from '../core/revision/revision.ts'
import { resolveTarget } from '../core/revision/target.ts'
import { countOf } from '../core/revision/wording.ts'
import type { BatchItem } from '../dialect/session.ts'
import type { EngineDatabase, Operator } from './database.ts'
import { loadHistory } from './history.ts'
import type { Unit } from './prepare.ts'
import { prepareWork, type Work } from './work.ts'

export interface ScriptRequest {
  readonly direction: Direction
  readonly target: string
  /** What is applied already: a revision, `base` or `head`. */
  readonly from: string
}

/** Fence 0: a script holds no lease. */
const offline = { owner: '', fence: 0 }

/** @throws RUN.OFFLINE_UNSUPPORTED SQL.UNSUPPORTED GRAPH.* */
export async function offlineScript(
  database: EngineDatabase,
  request: ScriptRequest,
  operator: Operator,
): Promise<string> {
  const { dialect } = database
  const { sql, journal } = dialect
  if (!sql || !journal.render || !journal.renderCreate) {
    throw new GodwitError('RUN.OFFLINE_UNSUPPORTED', `${dialect.name} has no SQL: there is no script to print`, {
      why: 'Its revisions are code that talks to the server.',
      next: ['godwit up --dry-run'],
    })
  }
  const history = await loadHistory(database)
  const { graph } = history
  const applied = appliedAt(graph, request.from)
  const order = graph.ids.filter(id => applied.has(id))
  const ids =
    request.direction === 'up'
      ? upPath(graph, applied, resolveTarget(graph, applied, request.target, 'up'))
      : downPath(graph, applied, order, resolveTarget(graph, applied, request.target, 'down')).ids
  const works = await prepareWork(dialect, history, ids, request.direction)
  const lines = [
    `-- godwit ${operator.tool}: ${request.direction} from ${request.from} to ${request.target}, ${countOf(ids.length, 'revision')}, ${dialect.name}`,
  ]
  lines.push('-- The journal rows are part of the script: afterwards godwit knows what was done.', '')
  for (const text of journal.renderCreate()) lines.push(sql.script.terminate(text))
  for (const work of works) lines.push('', ...revisionScript(database, work, request.direction, operator))
  return `${lines.join('\n')}\n`
}

function appliedAt(graph: RevisionGraph, from: string): Set<string> {
  if (from === 'base') return new Set()
  const nothing = new Set<string>()
  return new Set(upPath(graph, nothing, resolveTarget(graph, nothing, from === 'head' ? 'heads' : from, 'up')))
}

function revisionScript(database: EngineDatabase, work: Work, direction: Direction, operator: Operator): string[] {
  const { sql, journal } = database.dialect
  const { revision } = work
  if (work.kind === 'code') {
    throw new GodwitError(
      'RUN.OFFLINE_UNSUPPORTED',
      `${revision.id} is code: what it does is known only when it runs`,
      {
        why: 'No script was printed.',
        next: [`godwit ${direction} ${revision.id}`, `godwit ${direction} --dry-run`],
        where: { file: revision.file ?? revision.id },
      },
    )
  }
  const terminate = (text: string) => (sql as NonNullable<typeof sql>).script.terminate(text)
  const { begin, commit } = (sql as NonNullable<typeof sql>).script
  const ended =
    direction === 'down'
      ? ({ type: 'undone', id: revision.id } as const)
      : ({
          type: 'applied',
          id: revision.id,
          checksum: revision.checksum,
          fileHash: revision.fileHash,
          source: revision.source,
          startedAtMs: Date.now(),
          statements: work.prepared.statements.length,
          kind: 'applied',
          appliedBy: operator.by,
          tool: operator.tool,
          run: 'script',
        } as const)
  const items = (journal.render as NonNullable<typeof journal.render>)(offline, [ended])
  const record = items.map(item => terminate((item as Extract<BatchItem, { kind: 'journal' }>).sql))
  const body = (unit: Unit) => unit.statements.map(statement => terminate(statement.text))
  const head = `-- revision ${revision.id} (${direction})`
  if (work.prepared.atomic)
    return [head, terminate(begin), ...work.prepared.units.flatMap(body), ...record, terminate(commit)]
  const units = work.prepared.units.flatMap(unit =>
    unit.transactional && unit.statements.length > 1
      ? [terminate(begin), ...body(unit), terminate(commit)]
      : body(unit),
  )
  return [head, ...units, ...record]
}
