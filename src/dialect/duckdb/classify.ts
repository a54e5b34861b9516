// What a DuckDB statement is, told from its first words. What survives a rollback was tried with DuckDB 1.5.6:
// CHECKPOINT is refused in a transaction with changes, DETACH is not undone; ATTACH, VACUUM and ANALYZE are fine.
import type { StatementClass } from '../split.ts'
import { firstTokens, readToken, type Token } from './lex.ts'

const control = new Set(['BEGIN', 'START', 'COMMIT', 'END', 'ROLLBACK', 'ABORT', 'SAVEPOINT', 'RELEASE'])
const queries = new Set([
  'SELECT',
  'FROM',
  'VALUES',
  'TABLE',
  'EXPLAIN',
  'DESCRIBE',
  'DESC',
  'SHOW',
  'SUMMARIZE',
  'CALL',
])
const changes = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'TRUNCATE', 'COPY'])
const sessions = new Set([
  'SET',
  'RESET',
  'USE',
  'PRAGMA',
  'LOAD',
  'INSTALL',
  'ATTACH',
  'PREPARE',
  'EXECUTE',
  'DEALLOCATE',
])

export function classify(text: string): StatementClass {
  const words = firstTokens(text, 6)
  const first = words[0] ?? ''
  if (control.has(first)) return facts(first, 'control', false)
  if (first === 'CREATE' || first === 'DROP' || first === 'ALTER' || first === 'COMMENT') {
    const command = `${first} ${objectWords(words)}`
    return facts(command, 'ddl', true, command === 'DROP TABLE')
  }
  if (changes.has(first)) return facts(first, 'dml', true)
  if (queries.has(first)) return facts(first, 'query', true)
  if (first === '(') return facts('SELECT', 'query', true)
  if (first === 'WITH') {
    const verb = mainVerb(text)
    return facts(`WITH ${verb}`, changes.has(verb) ? 'dml' : 'query', true)
  }
  if (sessions.has(first)) return facts(first, 'session', true)
  if (first === 'DETACH') return facts(first, 'session', false)
  if (first === 'CHECKPOINT') return facts(first, 'other', false)
  if (first === 'FORCE') return facts('FORCE CHECKPOINT', 'other', false)
  return facts(first, 'other', true)
}

const modifiers = new Set(['TEMP', 'TEMPORARY', 'UNIQUE', 'OR', 'REPLACE', 'PERSISTENT', 'ON'])

/** `UNIQUE INDEX` after CREATE, `TABLE` after DROP; OR REPLACE is left out. */
function objectWords(words: readonly string[]): string {
  const found: string[] = []
  for (const word of words.slice(1, 6)) {
    if (word === 'OR' || word === 'REPLACE') continue
    found.push(word)
    if (!modifiers.has(word)) break
  }
  return found.join(' ')
}

/** The verb behind the common table expressions of WITH. */
function mainVerb(text: string): string {
  const token: Token = { kind: 'end', start: 0, end: 0 }
  let depth = 0
  for (let at = 0; ; at = token.end) {
    readToken(text, at, token)
    if (token.kind === 'end' || token.kind === 'open') return 'SELECT'
    if (token.kind === 'sign') {
      const sign = text[token.start]
      if (sign === '(') depth++
      if (sign === ')') depth--
    }
    if (token.kind !== 'word' || depth > 0) continue
    const word = text.slice(token.start, token.end).toUpperCase()
    if (changes.has(word)) return word
    if (word === 'SELECT' || word === 'FROM' || word === 'VALUES') return 'SELECT'
  }
}

function facts(
  command: string,
  kind: StatementClass['kind'],
  transactional: boolean,
  rebuildsTable = false,
): StatementClass {
  return { command, kind, transactional, rebuildsTable }
}
