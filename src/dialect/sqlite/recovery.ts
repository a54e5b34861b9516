// What becomes of a statement that was begun outside a transaction and never recorded as ended. SQLite runs inside the
// process, so nothing of a dead runner is still at work; what stands alone here reads, sets a value or tidies up, and
// can be run again. VACUUM INTO, which leaves a file, and whatever is not known are left to people.
import type { Recovery, Verdict } from '../recovery.ts'
import { classify } from './classify.ts'
import { cut } from './lex.ts'

const tidying = new Set(['VACUUM', 'ANALYZE', 'REINDEX'])

export const sqliteRecovery: Recovery = {
  observe: () => undefined,
  async decide(_, statement): Promise<Verdict> {
    const reasons = new Set<string>()
    for (const { start, end } of cut(statement).pieces) {
      const reason = repeatable(statement.slice(start, end))
      if (reason === undefined) {
        const { command } = classify(statement.slice(start, end))
        return { outcome: 'unknown', evidence: [`nothing in the database tells whether ${command} was done`] }
      }
      reasons.add(reason)
    }
    return { outcome: 'not-done', evidence: [...reasons] }
  },
}

/** Why a statement can be run again whatever its first attempt did; undefined when that is not known. */
function repeatable(statement: string): string | undefined {
  const { kind, command } = classify(statement)
  const word = command.split(' ')[0] as string
  if (kind === 'query') return `${word} only reads and can be run again`
  if (kind === 'session') return `${command} sets what holds for the connection or the file, and can be run again`
  if (tidying.has(word) && !/\binto\b/i.test(statement)) return `${word} changes no row and can be run again`
  return undefined
}
