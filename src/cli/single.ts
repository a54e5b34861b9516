// The one database of a verb that works on one.
import { GodwitError } from '../core/error.ts'
import type { Call } from './command.ts'

/**
 * @returns undefined where the library can choose: only one database is configured
 * @throws GodwitError CLI.USAGE_INVALID
 */
export function singleDatabase(call: Call, configured: readonly string[]): string | undefined {
  const given = call.flags.database ?? []
  if (given.length === 1) return given[0]
  if (given.length === 0 && configured.length <= 1) return configured[0]
  throw new GodwitError('CLI.USAGE_INVALID', `godwit ${call.verb} works on one database: say which with --database.`, {
    why: `Configured are ${configured.join(', ')}. Nothing was changed.`,
    next: configured
      .slice(0, 3)
      .map(name => `godwit ${[call.verb, ...call.args.map(quoted)].join(' ')} --database ${name}`),
  })
}

/** A word as a shell wants it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
