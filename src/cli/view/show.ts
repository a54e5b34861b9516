// One revision for people: what it is, where it stands, and its statements.
import type { ShowResult, ShownStatement } from '../../engine/result.ts'
import { formatDuration } from '../duration.ts'
import type { Style } from '../style.ts'
import { count, shownTime } from './place.ts'

export function showView(result: ShowResult, style: Style, source: boolean): string {
  const { revision } = result
  const facts: [string, string][] = [['database', result.database]]
  if (revision.file !== null) facts.push(['file', revision.file])
  facts.push(['parents', revision.parents.length === 0 ? 'none: a base' : revision.parents.join(', ')])
  if (revision.labels.length > 0) facts.push(['labels', revision.labels.join(', ')])
  if (revision.depends.length > 0) facts.push(['needs', revision.depends.join(', ')])
  facts.push(['applied', appliedWords(result, style)])
  if (result.transaction === 'off') facts.push(['transaction', 'off: each statement stands alone'])
  if (result.irreversible !== null) facts.push(['cannot be undone', result.irreversible])
  const width = Math.max(...facts.map(([name]) => name.length))
  const lines = [
    style.bold(revision.id),
    ...facts.map(([name, value]) => `  ${style.dim(name.padEnd(width))}  ${value}`),
  ]
  const code = result.up.length === 0 && result.source !== null && /\.[mc]?[jt]s$/.test(revision.file ?? '')
  if (code || source) lines.push('', ...(result.source ?? '').trimEnd().split('\n'))
  else {
    lines.push('', ...section('up', result.up, style))
    lines.push(
      '',
      ...(result.down === null ? [style.dim('down: none, it cannot be undone')] : section('down', result.down, style)),
    )
  }
  return `${lines.join('\n')}\n`
}

function appliedWords(result: ShowResult, style: Style): string {
  const { applied, missing } = result.revision
  if (applied === null) return style.yellow('no, it is pending')
  const how = applied.kind === 'stamped' ? 'stamped without running' : `in ${formatDuration(applied.ms)}`
  return `${shownTime(applied.at)}, ${how}${applied.by === '' ? '' : `, by ${applied.by}`}${missing ? style.red(', its file is gone') : ''}`
}

function section(name: string, statements: readonly ShownStatement[], style: Style): string[] {
  const title = `${style.bold(name)}  ${style.dim(count(statements.length, 'statement'))}`
  return [
    title,
    ...statements.flatMap(statement => `${statement.text};`.split('\n').map(line => `  ${line}`.trimEnd())),
  ]
}
