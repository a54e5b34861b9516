// The flags that every call to the library shares, and the failures of its databases in one list.
import type { GodwitError } from '../core/error.ts'
import type { Call, Outcome } from './command.ts'

/** Which databases, and how the call is stopped. */
export function selection(call: Call): { readonly databases?: readonly string[]; readonly signal: AbortSignal } {
  const { database } = call.flags
  return { signal: call.signal, ...(database === undefined ? {} : { databases: database }) }
}

interface PerDatabase {
  readonly databases: readonly { readonly name: string; readonly error?: GodwitError }[]
  readonly error?: GodwitError
}

/** The errors of a result, named where there are several databases. */
export function failures(result: PerDatabase): NonNullable<Outcome['errors']> {
  const several = result.databases.length > 1
  const found = result.databases.flatMap(({ name, error }) =>
    error === undefined ? [] : [{ error, ...(several ? { database: name } : {}) }],
  )
  return found.length === 0 && result.error !== undefined ? [{ error: result.error }] : found
}

/** The outcome of a verb that reads or changes each database by itself. */
export function outcomeOf(
  result: PerDatabase,
  text: string | undefined,
  more: NonNullable<Outcome['errors']> = [],
): Outcome {
  const errors = [...failures(result), ...more]
  return {
    data: result,
    errors,
    ...(text === undefined ? {} : { text }),
    ...(result.error === undefined ? {} : { error: result.error }),
  }
}
