// Events of the statements of one message: a batch reports items as they end, people want to see what runs.
import type { BatchObserver } from '../dialect/session.ts'
import type { Execution } from './execution.ts'
import type { PreparedStatement } from './prepare.ts'

/** Longest beginning of a statement in an event, characters. */
const TEXT_LIMIT = 200

export interface ProgressMark {
  /** The item is this statement of this revision. */
  readonly statement?: { readonly revision: string; readonly index: number; readonly is: PreparedStatement }
  /** Called when the item is about to run, and when it is done. */
  readonly starts?: () => void
  readonly ends?: () => void
}

/** `marks[i]` belongs to item i of the batch. */
export function batchProgress(
  execution: Execution,
  marks: readonly (ProgressMark | undefined)[],
): BatchObserver & { begin(): void } {
  const { scope, database } = execution
  let since = Date.now()
  let revision: string | undefined
  const start = (index: number) => {
    const mark = marks[index]
    since = Date.now()
    mark?.starts?.()
    if (mark?.statement) {
      const { index: number, is } = mark.statement
      revision = mark.statement.revision
      scope.emit({
        type: 'statement-start',
        database: database.name,
        revision,
        index: number,
        text: is.text.slice(0, TEXT_LIMIT),
        line: is.line,
      })
    }
  }
  return {
    ...(scope.live ? { live: true } : {}),
    begin: () => start(0),
    notice(message) {
      if (revision !== undefined) scope.emit({ type: 'log', database: database.name, revision, message })
    },
    done(index, rows) {
      const mark = marks[index]
      if (mark?.statement) {
        const { revision, index: number } = mark.statement
        const ms = Date.now() - since
        scope.emit({
          type: 'statement-end',
          database: database.name,
          revision,
          index: number,
          ms,
          ...(rows === undefined ? {} : { rows }),
        })
      }
      mark?.ends?.()
      if (index + 1 < marks.length) start(index + 1)
    },
  }
}
