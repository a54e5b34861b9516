// A revision file from a difference between schemas.
import type { ResolvedDatabase } from '../config/resolved.ts'
import type { Dialect } from '../dialect/dialect.ts'
import type { WriteResult } from '../engine/result.ts'
import type { RenderedStatement } from '../schema/change/renderer.ts'
import { writeNew } from './author.ts'
import type { SourcesDiff } from './diff.ts'

export interface GenerateOptions {
  readonly message: string
  readonly diff: Pick<SourcesDiff, 'up' | 'down'>
}

/** Writes the statements of both directions as a SQL revision that follows the head. @throws GRAPH.* FILE.* */
export function writeGenerated(database: ResolvedDatabase, { message, diff }: GenerateOptions): Promise<WriteResult> {
  const alone = [...diff.up, ...diff.down].some(statement => statement.alone)
  return writeNew(database, {
    message,
    format: 'sql',
    up: sectionText(database.dialect, diff.up),
    down: sectionText(database.dialect, diff.down),
    options: alone ? { transaction: 'off' } : {},
  })
}

function sectionText(dialect: Dialect, statements: readonly RenderedStatement[]): string {
  const terminate = dialect.sql?.script.terminate ?? ((sql: string) => `${sql};`)
  const lines = statements.flatMap(({ sql, loses, note }) => [
    ...(loses === undefined ? [] : [`-- loses ${loses}`]),
    ...(note === undefined ? [] : note.split('\n').map(line => `-- ${line}`)),
    terminate(sql),
  ])
  return lines.length === 0 ? '-- Nothing to do.' : lines.join('\n')
}
