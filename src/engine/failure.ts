// Turning what a driver threw into the error people read: which statement, where in the file,
// what is applied, what is not, and what to do next.
import { type ErrorLocation, GodwitError, isGodwitError } from '../core/error.ts'
import type { ErrorCode } from '../core/error-codes.ts'
import type { LongWait } from '../dialect/blocker.ts'
import { sentences } from '../core/sentence.ts'
import type { Execution } from './execution.ts'
import { blockedDetails, cutWait } from './blocked.ts'
import { abortError } from './lease.ts'
import type { StepState } from './result.ts'
import type { Waited } from './watch.ts'

export interface FailureFacts {
  readonly revision: string
  /** What stays of the revision. */
  readonly state: Extract<StepState, 'rolled-back' | 'partial' | 'in-doubt'>
  readonly where?: ErrorLocation | undefined
  /** Steps that stay, for `partial`. */
  readonly done?: number
  readonly total?: number
  /** The failing part is code of the user, not a statement. */
  readonly code?: boolean
  /** Whom the failing part waited for. */
  readonly waited?: Waited | undefined
  /** What the failing statement may leave although it failed. */
  readonly leaves?: LongWait | undefined
}

/** The error of a failed revision. Stops and lost leases win over the driver's words, which they caused. */
export function revisionFailure(execution: Execution, cause: unknown, facts: FailureFacts): GodwitError {
  const { dialect } = execution.database
  const mapped = cutWait(isGodwitError(cause) ? cause : dialect.mapError(cause), facts.waited)
  const stopped = execution.stop.aborted ? abortError(execution.stop) : undefined
  const base = stopped ?? mapped
  const code = stopped?.code ?? codeFor(mapped.code, facts)
  const blocked = stopped ? undefined : blockedDetails(mapped.code, facts.waited)
  return new GodwitError(code, base.message, {
    why: sentences(stopped ? undefined : mapped.why, blocked?.why, fate(execution, facts)),
    next: withoutRepeats([
      ...(facts.leaves?.next ?? []),
      ...base.next,
      ...nextCommands(execution, facts, stopped?.code ?? mapped.code),
      ...(blocked?.next ?? []),
    ]),
    ...(facts.where ? { where: facts.where } : base.where ? { where: base.where } : {}),
    meta: {
      ...mapped.meta,
      ...blocked?.meta,
      revision: facts.revision,
      state: facts.state,
      ...(code === mapped.code ? {} : { reason: mapped.code }),
    },
    cause,
  })
}

function codeFor(code: ErrorCode, facts: FailureFacts): ErrorCode {
  if (code.startsWith('JOURNAL.') || code.startsWith('LOCK.')) return code
  // Code may fail by itself while a step of an earlier run is in doubt still.
  if (facts.state === 'in-doubt' && code === 'RUN.CODE_FAILED') return 'RUN.CODE_FAILED_PARTIAL'
  if (facts.state === 'in-doubt' || code === 'CONNECT.LOST') return 'CONNECT.LOST'
  if (facts.state === 'partial') return facts.code ? 'RUN.CODE_FAILED_PARTIAL' : 'RUN.STATEMENT_FAILED_PARTIAL'
  const own = code !== 'RUN.STATEMENT_FAILED' && !code.startsWith('SQL.')
  if (own) return code
  return facts.code ? 'RUN.CODE_FAILED' : 'RUN.STATEMENT_FAILED'
}

function fate(execution: Execution, facts: FailureFacts): string {
  const verb = execution.direction === 'up' ? 'applied' : 'undone'
  const finished: string[] = []
  const tried: string[] = []
  const pending: string[] = []
  for (const step of execution.outcome.values()) {
    if (step.revision === facts.revision) continue
    if (step.state === verb) finished.push(step.revision)
    else if (step.state === 'tried') tried.push(step.revision)
    else pending.push(step.revision)
  }
  const here =
    facts.state === 'rolled-back'
      ? `${facts.revision} ${facts.leaves ? `is not ${verb}` : 'was rolled back; nothing of it stays'}.`
      : facts.state === 'partial'
        ? `Of ${facts.revision}, ${facts.done} of ${facts.total || 'its'} steps stay: each is committed by itself. The next run goes on with step ${(facts.done as number) + 1}.`
        : `Whether the last statement of ${facts.revision} was done is not known; the next run looks.`
  const left = facts.leaves ? ` ${facts.leaves.leaves}` : ''
  const before =
    finished.length === 0 ? `Nothing else was ${verb} by this run.` : `${capital(verb)} before it: ${list(finished)}.`
  const rehearsed = tried.length === 0 ? '' : ` Tried before it and rolled back too: ${list(tried)}.`
  const after = pending.length === 0 ? '' : ` Not run: ${list(pending)}.`
  return `${here}${left} ${before}${rehearsed}${after}`
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

/** Ids for people: the first few and how many more. */
function list(ids: readonly string[]): string {
  return ids.length <= 4 ? ids.join(', ') : `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more`
}

/** Codes that say that the revision itself is wrong; others tell of the server or of who runs it. */
const isFault = (code: ErrorCode) => /^(SQL|CHROMA)\.|_FAILED|FOREIGN_KEY|NOT_AWAITED/.test(code)

/** `godwit up` need not be said again after `do this, then: godwit up`. */
function withoutRepeats(commands: readonly string[]): string[] {
  return commands.filter(
    (command, index) =>
      !commands.slice(0, index).some(known => known === command || known.endsWith(`then: ${command}`)),
  )
}

function nextCommands(execution: Execution, facts: FailureFacts, code: ErrorCode): string[] {
  const again = execution.direction === 'up' ? 'godwit up' : 'godwit down'
  if (facts.state === 'in-doubt') return ['godwit status', again]
  const first = facts.where && isFault(code) ? `mend ${facts.where.file}, then: ${again}` : again
  return facts.state === 'partial' ? [first, 'undo the done steps by hand, then: godwit repair --restart'] : [first]
}
