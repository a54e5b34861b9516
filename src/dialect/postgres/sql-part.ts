// The SQL of PostgreSQL as the engine sees it, the same for a server and for PGlite.
import type { SqlPart } from '../dialect.ts'
import { lexicalRules } from './lex.ts'
import { BEGIN } from './session.ts'
import { split } from './split.ts'

export const postgresSql: SqlPart = {
  lexical: lexicalRules,
  split,
  placeholder: n => `$${n}`,
  script: { begin: BEGIN, commit: 'COMMIT', terminate: statement => `${statement};` },
}
