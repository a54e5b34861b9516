// The SQL of PostgreSQL as the engine sees it, the same for a server and for PGlite.
import type { SqlPart } from '../dialect.ts'
import { lexicalRules } from './lex.ts'
import { BEGIN } from './session.ts'
import { split } from './split.ts'

export const postgresSql: SqlPart = {
  lexical: lexicalRules,
  split,
  placeholder: n => `$${n}`,
  script: {
    begin: BEGIN,
    commit: 'COMMIT',
    terminate: statement => `${statement};`,
    // The body of a function may name what is made after it.
    frame: statements =>
      statements.some(sql => /^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\b/i.test(sql))
        ? { before: 'SET check_function_bodies = off;', after: 'RESET check_function_bodies;' }
        : undefined,
  },
}
