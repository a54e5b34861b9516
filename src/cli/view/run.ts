// What a run did, in one or two sentences per database. Printed when it is over, on stdout.
import type { DatabaseResult, RunResult } from '../../engine/result.ts'
import { formatDuration } from '../duration.ts'
import type { Style } from '../style.ts'
import { count, namesOf } from './place.ts'

const verbOf: Readonly<Record<string, string>> = {
  applied: 'applied',
  undone: 'undid',
  stamped: 'stamped',
  tried: 'tried',
}

/** @param elapsedMs of the whole run */
export function runView(result: RunResult, style: Style, elapsedMs: number): string {
  const lines = result.databases.flatMap(database =>
    sentences(database, result, style).map((line, index) => (index === 0 ? line : `  ${line}`)),
  )
  if (result.databases.length > 1) {
    const good = result.databases.filter(database => database.ok).length
    const all = result.databases.length
    const words =
      good === all ? style.green(`all ${all} databases done`) : style.red(`${good} of ${all} databases done`)
    lines.push(`${words} in ${formatDuration(elapsedMs)}`)
  }
  return `${lines.join('\n')}\n`
}

function sentences(database: DatabaseResult, result: RunResult, style: Style): string[] {
  const name = style.bold(database.name)
  const done = database.steps.filter(step => step.state in verbOf)
  const ms = formatDuration(done.reduce((sum, step) => sum + step.ms, 0))
  if (!database.ok) return failure(database, name, style)
  if (done.length === 0) return [nothing(database, result.command, name)]
  const state = done[0]?.state ?? 'applied'
  if (database.dryRun) {
    const where =
      database.dryRunIn === 'scratch'
        ? `on a scratch database in ${ms}; ${database.name} itself was not changed`
        : `in ${ms} and rolled back: nothing was changed`
    return [`${name}: ${style.green('dry run')}, ${count(done.length, 'revision')} ran ${where}`]
  }
  const verified = database.verified ? `, ${style.green('verified')}` : ''
  return [
    `${name}: ${style.green(verbOf[state] ?? state)} ${count(done.length, 'revision')} in ${ms}${verified}, now at ${namesOf(database.to)}`,
  ]
}

function nothing(database: DatabaseResult, command: string, name: string): string {
  const total = database.appliedCount
  const applied = total === undefined || database.to.length === 0 ? '' : `, ${count(total, 'revision')} applied`
  if (command === 'stamp') return `${name}: nothing to record, at ${namesOf(database.to)}${applied}`
  if (database.to.length === 0)
    return `${name}: nothing to do, no revision is applied${command === 'up' ? ' and none is pending' : ''}`
  return `${name}: nothing to do, at ${namesOf(database.to)}${applied}`
}

/** What stayed and what did not: the error itself follows as a block. */
function failure(database: DatabaseResult, name: string, style: Style): string[] {
  const of = (...states: readonly string[]): readonly string[] =>
    database.steps.filter(step => states.includes(step.state)).map(step => step.revision)
  const [done, undone, tried, back, partial, doubt, left] = [
    of('applied', 'stamped'),
    of('undone'),
    of('tried'),
    of('rolled-back'),
    of('partial'),
    of('in-doubt'),
    of('pending'),
  ]
  const parts: string[] = []
  if (done.length > 0) parts.push(`applied and kept: ${namesOf(done)}`)
  if (undone.length > 0) parts.push(`undone: ${namesOf(undone)}`)
  if (tried.length > 0) parts.push(`tried: ${namesOf(tried)}`)
  if (back.length > 0) parts.push(`rolled back: ${namesOf(back)}`)
  if (partial.length > 0) parts.push(`half done: ${namesOf(partial)}`)
  if (doubt.length > 0) parts.push(`in doubt: ${namesOf(doubt)}`)
  if (left.length > 0) parts.push(`not reached: ${namesOf(left)}`)
  const at = database.steps.length === 0 ? 'nothing was run' : `at ${namesOf(database.to)}`
  return [`${name}: ${style.red('failed')}, ${at}`, ...parts]
}
