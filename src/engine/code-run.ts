// Running the function of a code revision: with what it is given, until all it began has ended, and its failure as the
// error people read.
import { GodwitError } from '../core/error.ts'
import { type CodeContext, type CodeStep, callStack, codeContext } from './code-context.ts'
import type { Execution } from './execution.ts'
import { revisionFailure } from './failure.ts'
import { untilStopped } from './until-stopped.ts'
import type { Waited } from './watch.ts'
import type { Work } from './work.ts'

export type CodeWork = Extract<Work, { kind: 'code' }>

export function contextFor(execution: Execution, work: CodeWork, step: CodeStep, atomic: boolean): CodeContext {
  const { database, session, direction, stop, scope } = execution
  const { id } = work.revision
  const log = (message: string) => scope.emit({ type: 'log', database: database.name, revision: id, message })
  return codeContext({
    dialect: database.dialect,
    session,
    database: database.name,
    direction,
    signal: stop,
    revision: id,
    step,
    atomic,
    log,
  })
}

/** Runs the function of the user and waits for all it began. */
export async function runUser(work: CodeWork, context: CodeContext, stop: AbortSignal): Promise<void> {
  let failure: { readonly error: unknown } | undefined
  try {
    await untilStopped(Promise.resolve(work.run(context.m as never)), stop)
  } catch (error) {
    failure = { error }
  }
  // Calls that were forgotten must have ended before the session is used again; the user's own error comes first.
  try {
    await context.finish()
  } catch (error) {
    failure ??= { error }
  }
  if (failure) throw failure.error
}

/** What the code of the user threw, with its place in the file where the stack tells it. */
export function codeFailure(
  execution: Execution,
  work: CodeWork,
  cause: unknown,
  state: 'rolled-back' | 'partial' | 'in-doubt',
  done: number,
  waited?: Waited,
): GodwitError {
  const file = work.revision.file
  const stack = cause instanceof Error ? cause.stack : undefined
  const where = file === undefined ? undefined : { file, ...(lineIn(stack, file) ?? lineIn(callStack(cause), file)) }
  const known = cause instanceof GodwitError || isDriverError(cause)
  const error =
    known || !(cause instanceof Error)
      ? cause
      : new GodwitError('RUN.CODE_FAILED', cause.message || String(cause), { cause })
  return revisionFailure(execution, error, {
    revision: work.revision.id,
    state,
    where,
    done,
    total: 0,
    code: true,
    waited,
  })
}

/** Drivers mark their errors by a code; what the user's code throws by itself has none. */
const isDriverError = (error: unknown) => error instanceof Error && 'code' in error

function lineIn(stack: string | undefined, file: string): { line: number; column: number } | undefined {
  const name = file.slice(file.lastIndexOf('/') + 1)
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const found = stack?.match(new RegExp(`${escaped}:(\\d+):(\\d+)`))
  return found ? { line: Number(found[1]), column: Number(found[2]) } : undefined
}
