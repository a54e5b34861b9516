// What a person may write after `up` and `down`, and what it means in a given history.
// Reserved words win over revisions of the same name, always; a short name must fit exactly one revision.
import { GodwitError } from '../error.ts'
import type { RevisionGraph } from './graph.ts'
import { type DownTarget, type UpTarget, upPath } from './path.ts'
import type { Direction } from './revision.ts'
import { countOf, didYouMean, nameList, suggestNames } from './wording.ts'

/** A target as written, before it is looked up in a history. */
export type Target =
  | { readonly kind: 'head' | 'heads'; readonly label: string | undefined }
  | { readonly kind: 'base' }
  /** `+n` is positive, `-n` negative; never 0. */
  | { readonly kind: 'relative'; readonly count: number; readonly label: string | undefined }
  | { readonly kind: 'revision'; readonly text: string }

/** What `up` and `down` mean when nothing is written. */
export const defaultTarget = { up: 'head', down: '-1' } as const satisfies Record<Direction, string>

/**
 * Reads a target: `head`, `heads`, `base`, `+n`, `-n`, `label@head`, `label@heads`, `label@+n`, or a revision.
 *
 * @throws GRAPH.TARGET_INVALID empty text, `+0` or `-0`
 *
 * @example
 * parseTarget('billing@+2') // { kind: 'relative', count: 2, label: 'billing' }
 */
export function parseTarget(text: string): Target {
  const whole = text.trim()
  const [, label, place = ''] = /^(?:(.+)@)?(head|heads|base|[+-]\d+)$/.exec(whole) ?? []
  if (whole === '')
    throw invalid(text, 'the target is empty', 'A target names a place in the history.', ['godwit history'])
  if (place === 'head' || place === 'heads') return { kind: place, label }
  if (place === 'base' && label === undefined) return { kind: 'base' }
  if (place === '' || place === 'base') return { kind: 'revision', text: whole }
  const count = Number(place)
  if (count !== 0) return { kind: 'relative', count, label }
  throw invalid(text, `${whole} is no step`, 'A relative target counts revisions from 1.', ['godwit status'])
}

/**
 * The revisions a target stands for, given what is applied. The result goes into `upPath` or `downPath`.
 *
 * @throws GRAPH.HEADS_MULTIPLE `head` where there are several
 * @throws GRAPH.TARGET_UNKNOWN no such revision or label
 * @throws GRAPH.TARGET_AMBIGUOUS a short name that fits several revisions
 * @throws GRAPH.TARGET_INVALID a target of the other direction, more steps than there are, or going down to
 * a revision that is not applied
 */
export function resolveTarget(
  graph: RevisionGraph,
  applied: ReadonlySet<string>,
  text: string,
  direction: 'up',
): UpTarget
export function resolveTarget(
  graph: RevisionGraph,
  applied: ReadonlySet<string>,
  text: string,
  direction: 'down',
): DownTarget
export function resolveTarget(
  graph: RevisionGraph,
  applied: ReadonlySet<string>,
  text: string,
  direction: Direction,
): UpTarget | DownTarget
export function resolveTarget(
  graph: RevisionGraph,
  applied: ReadonlySet<string>,
  text: string,
  direction: Direction,
): UpTarget | DownTarget {
  const target = parseTarget(text)
  return direction === 'up' ? resolveUp(graph, applied, target, text) : resolveDown(graph, applied, target, text)
}

function resolveUp(graph: RevisionGraph, applied: ReadonlySet<string>, target: Target, text: string): UpTarget {
  if (target.kind === 'revision') return { kind: 'revisions', ids: [resolveRevision(graph, target.text, 'godwit up')] }
  if (target.kind === 'base') {
    throw invalid(text, 'base lies below every revision', 'Nothing is left to apply on the way to it.', [
      'godwit down base',
    ])
  }
  const { label } = target
  if (target.kind !== 'relative') return { kind: 'revisions', ids: headsFor(graph, target.kind, label, 'godwit up') }
  if (target.count < 0) {
    throw invalid(text, `up ${text} would go down`, 'Up only applies, down only undoes.', [`godwit down ${text}`])
  }
  const all = upPath(graph, applied, { kind: 'revisions', ids: graph.heads })
  const branch = label === undefined ? undefined : new Set(branchOf(graph, label))
  const pending = branch ? all.filter(id => branch.has(id)) : all
  if (target.count <= pending.length) return { kind: 'revisions', ids: pending.slice(0, target.count) }
  const there = `${countOf(pending.length, 'pending revision')}${label === undefined ? '' : ` of ${label}`}`
  const next = label === undefined ? 'godwit up heads' : `godwit up ${label}@heads`
  throw invalid(text, `${text} asks for more than the ${there}`, 'Nothing was applied.', [
    pending.length === 0 ? 'godwit status' : next,
  ])
}

function resolveDown(graph: RevisionGraph, applied: ReadonlySet<string>, target: Target, text: string): DownTarget {
  if (target.kind === 'base') return { kind: 'base' }
  if (target.kind === 'relative') {
    if (target.count > 0) {
      throw invalid(text, `down ${text} would go up`, 'Up only applies, down only undoes.', [`godwit up ${text}`])
    }
    if (target.label !== undefined) {
      throw invalid(
        text,
        `${text} is no target of down`,
        'Revisions are undone in the order of the journal, not by branch.',
        ['godwit status'],
      )
    }
    const count = -target.count
    const there = graph.ids.filter(id => applied.has(id)).length
    if (count <= there) return { kind: 'last', count }
    throw invalid(text, `${text} asks for more than the ${countOf(there, 'applied revision')}`, 'Nothing was undone.', [
      there === 0 ? 'godwit status' : 'godwit down base',
    ])
  }
  if (target.kind !== 'revision' && target.label === undefined) {
    throw invalid(text, `${text} is the end of the history`, 'Nothing lies above it that could be undone.', [
      'godwit down -1',
      'godwit down base',
    ])
  }
  const ids =
    target.kind === 'revision'
      ? [resolveRevision(graph, target.text, 'godwit down')]
      : headsFor(graph, target.kind, target.label, 'godwit down')
  const pending = ids.filter(id => !applied.has(id))
  if (pending.length === 0) return { kind: 'revisions', ids }
  throw invalid(
    text,
    `${nameList(pending)} ${pending.length === 1 ? 'is' : 'are'} not applied`,
    'Down keeps its target and undoes what is above, so the target must be applied. Nothing was undone.',
    [...pending.map(id => `godwit up ${id}`), 'godwit status'],
  )
}

/**
 * The one revision a short name stands for: its id, its number, a unique beginning, or the unique beginning of
 * what stands after the first underscore.
 *
 * @param command put before each suggestion to make a command that can be run, such as `godwit show`
 * @throws GRAPH.TARGET_UNKNOWN with the names it may have meant
 * @throws GRAPH.TARGET_AMBIGUOUS with all candidates
 */
export function resolveRevision(graph: RevisionGraph, text: string, command: string): string {
  const byId = graph.match(text)
  const found = byId.length > 0 ? byId : graph.matchSlug(text)
  if (found.length === 1) return found[0]!
  if (found.length > 1) {
    throw new GodwitError('GRAPH.TARGET_AMBIGUOUS', `${text} can be ${nameList(found)}`, {
      why: 'A short name must fit exactly one revision. Nothing was done.',
      next: found.slice(0, 3).map(id => `${command} ${id}`),
      meta: { target: text, candidates: found },
    })
  }
  throw unknown(text, `there is no revision ${text}`, suggestNames(text, graph.ids), command)
}

/** The ids of a label's branch. @throws GRAPH.TARGET_UNKNOWN no revision declares it */
export function branchOf(graph: RevisionGraph, label: string): readonly string[] {
  const branch = graph.labels.get(label)
  if (branch) return branch
  throw unknown(label, `no revision has the label ${label}`, suggestNames(label, graph.labels.keys()), undefined)
}

/** The revisions of a label's branch on which no other of it builds. @throws GRAPH.TARGET_UNKNOWN */
export function branchHeads(graph: RevisionGraph, label: string): string[] {
  const branch = branchOf(graph, label)
  const members = new Set(branch)
  return branch.filter(id => !graph.children(id).some(child => members.has(child)))
}

function headsFor(
  graph: RevisionGraph,
  kind: 'head' | 'heads',
  label: string | undefined,
  command: string,
): readonly string[] {
  const heads = label === undefined ? graph.heads : branchHeads(graph, label)
  if (kind === 'heads' || heads.length < 2) return heads
  const owner = label === undefined ? 'the history' : `the branch ${label}`
  throw new GodwitError('GRAPH.HEADS_MULTIPLE', `${owner} has ${heads.length} heads: ${nameList(heads)}`, {
    why: 'Branches have not been merged, so there is no single newest revision. Nothing was done.',
    next: [
      label === undefined ? 'godwit merge' : `godwit merge ${heads.join(' ')}`,
      `${command} ${label === undefined ? '' : `${label}@`}heads`,
    ],
    meta: { heads, ...(label === undefined ? {} : { label }) },
  })
}

function unknown(
  text: string,
  message: string,
  suggestions: readonly string[],
  command: string | undefined,
): GodwitError {
  const advice = didYouMean(suggestions)
  return new GodwitError('GRAPH.TARGET_UNKNOWN', message, {
    why: advice === undefined ? 'Nothing was done.' : `Nothing was done. ${advice}`,
    next: [...(command === undefined ? [] : suggestions.map(id => `${command} ${id}`)), 'godwit history'],
    meta: { target: text, suggestions },
  })
}

function invalid(text: string, message: string, why: string, next: readonly string[]): GodwitError {
  return new GodwitError('GRAPH.TARGET_INVALID', message, { why, next, meta: { target: text } })
}
