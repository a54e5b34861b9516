// The table of `godwit status`: each database with its state, the last applied revisions and what is pending.
import type { DatabaseStatus, StatusResult } from '../../engine/result.ts'
import { formatDuration } from '../duration.ts'
import { padTo, type Style } from '../style.ts'
import { count, namesOf, shownTarget, shownTime } from './place.ts'

const LAST_APPLIED = 3
const FIRST_PENDING = 10

/** @param all list everything instead of the ends (`--verbose`) */
export function statusView(result: StatusResult, root: string, style: Style, all: boolean): string {
  return result.databases.map(database => databaseLines(database, root, style, all).join('\n')).join('\n\n') + '\n'
}

function databaseLines(database: DatabaseStatus, root: string, style: Style, all: boolean): string[] {
  const lines = [heading(database, root, style), `  ${stateWords(database, style)}`]
  for (const partial of database.partial) {
    const doubt = partial.inDoubt ? ', the next one is in doubt' : ''
    const steps =
      partial.total === 0 ? count(partial.done, 'step') : `${partial.done} of ${count(partial.total, 'statement')}`
    lines.push(
      `  ${style.yellow(style.symbols.partial)} ${partial.revision}  ${partial.direction} half done: ${steps}${doubt}`,
    )
  }
  if (database.lock !== undefined) {
    const state = database.lock.expired ? 'expired' : `since ${shownTime(database.lock.acquiredAt)}`
    lines.push(`  ${style.yellow(style.symbols.warning)} locked by ${database.lock.holder}, ${state}`)
  }
  for (const finding of database.findings)
    lines.push(`  ${style.yellow(style.symbols.warning)} ${finding.code}  ${finding.message}`)
  lines.push(...revisionLines(database, style, all))
  return lines
}

function heading(database: DatabaseStatus, root: string, style: Style): string {
  return `${style.bold(database.name)}  ${style.dim(database.url === '' ? database.dialect : shownTarget(database.url, root))}`
}

function stateWords(database: DatabaseStatus, style: Style): string {
  const applied = `${count(database.applied.length, 'revision')} applied`
  const pending = database.pending.length
  switch (database.state) {
    case 'current':
      return database.applied.length === 0
        ? `${style.green('nothing to do')}, there are no revisions yet`
        : `${style.green('up to date')}, ${applied}`
    case 'pending':
      return `${style.yellow(`${pending} pending`)}, ${applied}${database.current.length > 1 ? `, at ${namesOf(database.current)}` : ''}`
    case 'uninitialised':
      return pending === 0
        ? 'new database, there are no revisions yet'
        : `${style.yellow(`${pending} pending`)}, new database`
    case 'partial':
      return `${style.red('half done')}, ${applied}, ${pending} pending`
    case 'drifted':
      return `${style.red('files and journal differ')}, ${applied}, ${pending} pending`
    case 'unreachable':
      return style.red('not reached')
  }
}

function revisionLines(database: DatabaseStatus, style: Style, all: boolean): string[] {
  const applied = all ? database.applied : database.applied.slice(-LAST_APPLIED)
  const pending = all ? database.pending : database.pending.slice(0, FIRST_PENDING)
  if (applied.length + pending.length === 0) return []
  const width = Math.max(...applied.map(revision => revision.id.length), ...pending.map(id => id.length))
  const lines = ['']
  const earlier = database.applied.length - applied.length
  if (earlier > 0) lines.push(style.dim(`    ${earlier.toLocaleString('en-US')} earlier`))
  for (const revision of applied) {
    const how = revision.kind === 'stamped' ? 'stamped' : formatDuration(revision.ms)
    lines.push(
      `  ${style.green(style.symbols.applied)} ${padTo(revision.id, width)}  ${style.dim(`${shownTime(revision.at)}  ${how}`)}`,
    )
  }
  for (const id of pending) lines.push(`  ${style.yellow(style.symbols.pending)} ${id}`)
  const later = database.pending.length - pending.length
  if (later > 0) lines.push(style.dim(`    ${later.toLocaleString('en-US')} more pending`))
  return lines
}
