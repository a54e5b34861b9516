// A difference between schemas: as a script, as lines for people, as JSON.
import type { Dialect } from '../../dialect/dialect.ts'
import type { SourcesDiff } from '../../library/diff.ts'
import type { Change } from '../../schema/change/change.ts'
import type { RenderedStatement } from '../../schema/change/renderer.ts'
import type { Style } from '../style.ts'

/** Each statement with its terminator; what it loses and should be known stands above it as a comment. */
export function scriptText(dialect: Dialect, statements: readonly RenderedStatement[]): string {
  const terminate = dialect.sql?.script.terminate ?? ((sql: string) => `${sql};`)
  const lines = statements.map(statement => `${remarks(statement)}${terminate(statement.sql)}\n`).join('')
  const frame = dialect.sql?.script.frame?.(statements.map(({ sql }) => sql))
  return frame ? `${frame.before}\n${lines}${frame.after}\n` : lines
}

const remarks = ({ loses, note }: RenderedStatement): string =>
  [loses === undefined ? [] : [`loses ${loses}`], note === undefined ? [] : [note]]
    .flat()
    .flatMap(text => text.split('\n'))
    .map(line => `-- ${line}\n`)
    .join('')

const marks = { create: '+', drop: '-', alter: '~', rename: '→' } as const

/** One line for each change, then the SQL. */
export function changesView(diff: SourcesDiff, style: Style): string {
  if (diff.changes.length === 0) return 'The schemas are equal.\n'
  const colour = { create: style.green, drop: style.red, alter: style.yellow, rename: style.cyan }
  const lines = diff.changes.map(change => `${colour[change.type](marks[change.type])} ${changeText(change)}`)
  return `${lines.join('\n')}\n\n${scriptText(diff.dialect, diff.up)}`
}

function changeText(change: Change): string {
  const object = change.type === 'create' ? change.after : change.before
  const name = `${object.kind} ${object.path.join('.')}`
  if (change.type === 'rename') return `${name} to ${change.after.path.join('.')}`
  return change.type === 'alter' ? `${name}: ${change.changed.join(', ')}` : name
}

export function diffJson(diff: SourcesDiff, from: string, to: string): object {
  const masked = (source: string) => (/^url:|:\/\//.test(source) ? 'url' : source)
  return {
    ok: true,
    command: 'diff',
    dialect: diff.dialect.name,
    from: masked(from),
    to: masked(to),
    equal: diff.changes.length === 0,
    changes: diff.changes.map(change => {
      const object = change.type === 'create' ? change.after : change.before
      return {
        type: change.type,
        kind: object.kind,
        name: object.path.join('.'),
        ...(change.type === 'alter' ? { changed: change.changed } : {}),
        ...(change.type === 'rename' ? { to: change.after.path.join('.') } : {}),
      }
    }),
    statements: diff.up,
    down: diff.down,
    notCompared: diff.notCompared,
  }
}
