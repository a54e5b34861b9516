// Everything a run will execute, loaded and checked before the first statement is sent.
import { GodwitError } from '../core/error.ts'
import type { CodeBody, Direction, Revision, RevisionOptions } from '../core/revision/revision.ts'
import type { Dialect } from '../dialect/dialect.ts'
import type { History } from './history.ts'
import { type Prepared, prepareSql } from './prepare.ts'

/** One revision, ready to be executed. */
export type Work =
  | {
      readonly kind: 'sql'
      readonly revision: Revision
      readonly options: RevisionOptions
      readonly prepared: Prepared
    }
  | {
      readonly kind: 'code'
      readonly revision: Revision
      readonly options: RevisionOptions
      readonly run: CodeBody['up']
    }

/** @throws FILE.* SQL.* RUN.DOWN_MISSING RUN.IRREVERSIBLE */
export async function prepareWork(
  dialect: Dialect,
  history: History,
  ids: readonly string[],
  direction: Direction,
): Promise<Work[]> {
  const work: Work[] = []
  for (const id of ids) work.push(await prepareOne(dialect, history.revision(id), direction))
  return work
}

async function prepareOne(dialect: Dialect, revision: Revision, direction: Direction): Promise<Work> {
  if (direction === 'down' && revision.options.irreversible !== undefined)
    throw irreversible(revision, revision.options.irreversible)
  const body = revision.body()
  if (body.kind === 'sql') {
    const section = direction === 'up' ? body.up : body.down
    if (!section) throw downMissing(revision)
    return {
      kind: 'sql',
      revision,
      options: revision.options,
      prepared: await prepareSql(dialect, revision, section),
    }
  }
  const code = await body.load()
  const options = { ...revision.options, ...code.options }
  if (direction === 'down' && options.irreversible !== undefined) throw irreversible(revision, options.irreversible)
  const run = direction === 'up' ? code.up : code.down
  if (!run) throw downMissing(revision)
  return { kind: 'code', revision, options, run }
}

/** All of it, journal row included, is one transaction. */
export function isOneTransaction(dialect: Dialect, work: Work): boolean {
  if (work.kind === 'sql') return work.prepared.atomic
  return dialect.capabilities.transactionalDdl && work.options.transaction === 'on'
}

function downMissing(revision: Revision): GodwitError {
  const file = revision.file ?? revision.id
  return new GodwitError('RUN.DOWN_MISSING', `${revision.id} has no down`, {
    why: 'What it did cannot be undone by a rule, and godwit does not guess. Nothing was undone.',
    next: [
      `write "-- migrate:down" and its statements into ${file}`,
      `godwit new "undo ${revision.id}"`,
      'restore a backup',
    ],
    where: { file },
  })
}

function irreversible(revision: Revision, reason: string): GodwitError {
  return new GodwitError('RUN.IRREVERSIBLE', `${revision.id} is marked irreversible: ${reason}`, {
    why: 'Nothing was undone.',
    next: [`godwit new "undo ${revision.id}"`, 'restore a backup'],
    where: { file: revision.file ?? revision.id },
    meta: { reason },
  })
}
