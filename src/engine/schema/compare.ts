// Two schemas, and the SQL that leads from one to the other and back. Changes nothing but scratch databases.
import { GodwitError } from '../../core/error.ts'
import type { IntrospectOptions } from '../../dialect/introspector.ts'
import type { Dialect } from '../../dialect/dialect.ts'
import type { Change } from '../../schema/change/change.ts'
import { planChanges } from '../../schema/change/plan.ts'
import type { RenderedStatement, Renderer } from '../../schema/change/renderer.ts'
import { answerOf, decideRenames, type RenameAnswer, type RenamePolicy } from '../../schema/diff/answer.ts'
import { diffSnapshots } from '../../schema/diff/diff.ts'
import { RENAMABLE, type RenameCandidate, renameCandidates } from '../../schema/diff/rename.ts'
import { indexSnapshot, makeSnapshot, type NotCompared, type Snapshot } from '../../schema/model/snapshot.ts'
import { schemaPartOf } from './load-texts.ts'
import { type ScratchSource, withScratch } from './scratch-source.ts'

export interface CompareRequest {
  readonly from: Snapshot
  readonly to: Snapshot
  /** Of the kind that is compared; it is not opened. */
  readonly dialect: Dialect
  readonly scratch: ScratchSource
  readonly renames: RenamePolicy
  readonly answers: readonly RenameAnswer[]
  readonly online: boolean
  readonly introspect: IntrospectOptions
}

export interface SchemaDiff {
  /** Renames first, then the rest in the order of keys. */
  readonly changes: readonly Change[]
  readonly up: readonly RenderedStatement[]
  /** The way back. What it cannot bring back is in the `loses` of `up`. */
  readonly down: readonly RenderedStatement[]
  /** Likely renames that were taken for drop and create. */
  readonly dropped: readonly RenameCandidate[]
  readonly notCompared: readonly NotCompared[]
}

/** @throws GodwitError SCHEMA.RENAME_UNANSWERED SCHEMA.CHANGES_CIRCULAR SCHEMA.UNSUPPORTED */
export async function compareSchemas(request: CompareRequest): Promise<SchemaDiff> {
  const { dialect, from, to } = request
  const { renderer } = await schemaPartOf(dialect)
  const { ordered } = renderer
  const passes: RenamePass[] = []
  const dropped: RenameCandidate[] = []
  const kinds = renderer.renamable ?? RENAMABLE
  let renamed = from
  // Columns of a renamed table have the same table only after it was renamed.
  for (const whole of [true, false]) {
    const found = renameCandidates(diffSnapshots(renamed, to, { ordered }), renamed, to, kinds)
    const candidates = found.filter(({ before }) => (before.parent === null) === whole)
    const { renames, open } = decideRenames(candidates, request.answers, request.renames)
    if (open.length > 0) throw unanswered(open)
    dropped.push(...candidates.filter(candidate => !renames.includes(candidate)))
    if (renames.length === 0) continue
    const pass = { renames, before: renamed, after: to }
    passes.push(pass)
    renamed = await renameOnScratch(request, renderer, pass)
  }
  const rest = diffSnapshots(renamed, to, { ordered })
  const renaming = passes.flatMap(({ renames }) =>
    renames.map(({ before, after }): Change => ({ type: 'rename', before, after })),
  )
  const forward = planned(rest, renamed, to, renderer, request.online)
  const backward = planned(diffSnapshots(to, renamed, { ordered }), to, renamed, renderer, request.online)
  return {
    changes: [...renaming, ...rest],
    up: [...passes.flatMap(pass => renameStatements(pass, renderer, 'up')), ...forward],
    down: [...backward, ...[...passes].reverse().flatMap(pass => renameStatements(pass, renderer, 'down'))],
    dropped,
    notCompared: mergeNotCompared(from.notCompared, to.notCompared),
  }
}

/** Renames that are done together, in the schema they are done in. */
interface RenamePass {
  readonly renames: readonly RenameCandidate[]
  readonly before: Snapshot
  readonly after: Snapshot
}

function planned(
  changes: readonly Change[],
  before: Snapshot,
  after: Snapshot,
  renderer: Renderer,
  online: boolean,
): readonly RenderedStatement[] {
  const { statements, unresolved } = planChanges(changes, before, after, renderer, { online })
  if (unresolved.length === 0) return statements
  throw new GodwitError(
    'SCHEMA.CHANGES_CIRCULAR',
    `these changes need each other in a circle: ${unresolved.join(', ')}`,
    {
      why: 'No order of statements works that godwit knows of. Nothing was changed.',
      next: ['make the change in two revisions: godwit new'],
      meta: { objects: unresolved },
    },
  )
}

function renameStatements(pass: RenamePass, renderer: Renderer, direction: 'up' | 'down'): RenderedStatement[] {
  const context = {
    before: indexSnapshot(pass.before),
    after: indexSnapshot(pass.after),
    separate: new Set<string>(),
    online: false,
  }
  const renames = pass.renames.flatMap(({ before, after }) => {
    const rendered =
      direction === 'up' ? renderer.rename(before, after, context) : renderer.rename(after, before, context)
    return rendered.statements
  })
  const renamed = pass.renames.map(({ before }) => before)
  const lagging = renderer.lagging?.(renamed, context) ?? []
  if (direction === 'up') {
    return [...[...lagging].reverse().flatMap(object => renderer.drop(object, context).statements), ...renames]
  }
  const again = { ...context, after: context.before }
  return [...renames, ...lagging.flatMap(object => renderer.create(object, again).statements)]
}

/** The database itself says what its schema is after the renames: every view, check and index that names the old one. */
async function renameOnScratch(request: CompareRequest, renderer: Renderer, pass: RenamePass): Promise<Snapshot> {
  const nothing = makeSnapshot(pass.before.dialect, [])
  const all = planned(diffSnapshots(nothing, pass.before), nothing, pass.before, renderer, false)
  return withScratch(request.scratch, async dialect => {
    const session = await dialect.open({ purpose: 'run' })
    try {
      for (const { sql } of [...all, ...renameStatements(pass, renderer, 'up')]) {
        await session.sql?.run([{ kind: 'statement', sql, alone: true }])
      }
      return {
        result: await (await schemaPartOf(dialect)).introspector.introspect(session, request.introspect),
        clean: false,
      }
    } catch (error) {
      throw dialect.mapError(error)
    } finally {
      await session.close()
    }
  })
}

function unanswered(open: readonly RenameCandidate[]): GodwitError {
  const answers = open.map(candidate => answerOf(candidate, true))
  const told = answers.map(({ kind, from, to }) => `${kind} ${from} → ${to}`)
  return new GodwitError('SCHEMA.RENAME_UNANSWERED', `renamed, or dropped and made anew? ${told.join('; ')}`, {
    why: `A rename keeps the rows, a drop loses them; only you know. Write the answers into a file (rename: true or false):\n${JSON.stringify({ renames: answers }, null, 2)}`,
    next: ['godwit diff --answers answers.json', 'godwit diff --renames always', 'godwit diff --renames never'],
    meta: { renames: answers.map(answer => ({ ...answer })) },
  })
}

function mergeNotCompared(a: readonly NotCompared[], b: readonly NotCompared[]): NotCompared[] {
  const merged = new Map<string, NotCompared>()
  for (const entry of [...a, ...b]) {
    const known = merged.get(entry.kind)
    const names = [...new Set([...(known?.names ?? []), ...entry.names])].sort().slice(0, 20)
    merged.set(entry.kind, { kind: entry.kind, names, count: Math.max(known?.count ?? 0, entry.count, names.length) })
  }
  return [...merged.values()].sort((x, y) => (x.kind < y.kind ? -1 : 1))
}
