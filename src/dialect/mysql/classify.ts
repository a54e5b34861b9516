// Says of a statement what it is and whether a transaction around it would still roll back, by its leading words.
// Versioned comments are read as code. What is not known counts as not transactional, which is always safe: such a
// statement is journaled by itself. Sources: "Statements That Cause an Implicit Commit" (MySQL Reference Manual) and
// "SQL statements That Cause an Implicit Commit" (MariaDB Knowledge Base).
import type { StatementClass } from '../split.ts'
import { Lexer } from './lex.ts'

type Verdict = readonly [kind: StatementClass['kind'], transactional: boolean]

const CONTROL: Verdict = ['control', false]
const DML: Verdict = ['dml', true]
const QUERY: Verdict = ['query', true]
const SESSION: Verdict = ['session', true]
const DDL: Verdict = ['ddl', false]
const OTHER: Verdict = ['other', false]

/** By first word. */
const FIRST: Readonly<Record<string, Verdict>> = {
  INSERT: DML,
  UPDATE: DML,
  DELETE: DML,
  REPLACE: DML,
  SELECT: QUERY,
  VALUES: QUERY,
  TABLE: QUERY,
  SHOW: QUERY,
  EXPLAIN: QUERY,
  DESCRIBE: QUERY,
  DESC: QUERY,
  HELP: QUERY,
  DO: ['other', true],
  HANDLER: ['other', true],
  SIGNAL: ['other', true],
  USE: SESSION,
  PREPARE: SESSION,
  DEALLOCATE: SESSION,
  COMMIT: CONTROL,
  ROLLBACK: CONTROL,
  SAVEPOINT: CONTROL,
  RELEASE: CONTROL,
  XA: CONTROL,
  CREATE: DDL,
  ALTER: DDL,
  DROP: DDL,
  RENAME: DDL,
  TRUNCATE: DDL,
  GRANT: DDL,
  REVOKE: DDL,
}

/** Words between CREATE, ALTER or DROP and the kind of object. */
const MODIFIERS: ReadonlySet<string> = new Set(
  'OR REPLACE TEMPORARY UNIQUE FULLTEXT SPATIAL ONLINE OFFLINE IGNORE AGGREGATE SQL SECURITY INVOKER DEFINER'.split(
    ' ',
  ),
)

/** What a statement is. @throws SplitFailure SQL.SYNTAX_INVALID for text that ends inside a string or comment */
export function classify(text: string): StatementClass {
  const words = leadingWords(text, 12)
  const first = words[0] ?? ''
  const [kind, transactional] = verdict(first, words, text)
  return { command: command(words), kind, transactional, rebuildsTable: false }
}

/**
 * True for statements that answer with exactly one result without rows, so that the count of results tells how many
 * statements of a message are done. False where in doubt.
 */
export function answersOnce(text: string): boolean {
  const words = leadingWords(text, 3)
  switch (words[0]) {
    case 'INSERT':
    case 'REPLACE':
    case 'UPDATE':
    case 'DELETE':
      return !/\breturning\b/i.test(text)
    case 'ALTER':
      // ALTER TABLE … CHECK PARTITION and its like answer with rows.
      return !/\b(?:analyze|check|optimize|repair)\s+partition\b/i.test(text)
    case 'CREATE':
    case 'DROP':
    case 'TRUNCATE':
    case 'RENAME':
    case 'GRANT':
    case 'REVOKE':
      return true
    case 'SET':
      return words[1] !== 'STATEMENT' && !changesEncoding(text)
    default:
      return false
  }
}

/** A statement after which the client must encode text anew. */
function changesEncoding(text: string): boolean {
  return /\b(?:names|character|charset|character_set_\w+)\b/i.test(text)
}

function verdict(first: string, words: readonly string[], text: string): Verdict {
  const second = words[1] ?? ''
  switch (first) {
    case 'BEGIN':
      return second === '' || second === 'WORK' ? CONTROL : OTHER
    case 'START':
      return second === 'TRANSACTION' ? CONTROL : OTHER
    case 'LOCK':
      // Locked tables keep the journal from being written, and taking them commits.
      return second === 'TABLE' || second === 'TABLES' ? CONTROL : OTHER
    case 'FLUSH':
      return /\b(?:with\s+read\s+lock|for\s+export)\b/i.test(text) ? CONTROL : OTHER
    case 'SET':
      return setVerdict(second, text)
    case 'CREATE':
    case 'DROP':
      return temporaryTable(words) ? ['ddl', true] : second === 'PREPARE' ? SESSION : DDL
    case 'WITH':
      return withVerdict(text)
    case 'LOAD':
      return second === 'DATA' || second === 'XML' ? DML : OTHER
    case 'ANALYZE':
      return analyzeVerdict(second, text)
    default:
      return Object.hasOwn(FIRST, first) ? (FIRST[first] ?? OTHER) : OTHER
  }
}

/** ANALYZE UPDATE … writes ("ANALYZE Statement", MariaDB Knowledge Base); ANALYZE TABLE commits. */
function analyzeVerdict(second: string, text: string): Verdict {
  if (!['SELECT', 'FORMAT', 'UPDATE', 'DELETE', 'INSERT', 'REPLACE', 'WITH', 'VALUES'].includes(second)) return OTHER
  return ['UPDATE', 'DELETE', 'INSERT', 'REPLACE'].some(verb => wordOffset(text, verb) !== undefined) ? DML : QUERY
}

function temporaryTable(words: readonly string[]): boolean {
  const at = words.indexOf('TEMPORARY')
  return at > 0 && at <= 3 && words[at + 1] === 'TABLE'
}

function setVerdict(second: string, text: string): Verdict {
  if (second === 'PASSWORD' || second === 'DEFAULT') return DDL
  if (second === 'STATEMENT') {
    const inner = wordOffset(text, 'FOR')
    if (inner === undefined) return OTHER
    const { kind, transactional } = classify(text.slice(inner))
    return [kind, transactional]
  }
  // The variable may stand anywhere in the list: SET @a = 1, autocommit = 0.
  return second !== 'GLOBAL' && wordOffset(text, 'AUTOCOMMIT') !== undefined ? CONTROL : SESSION
}

/** The statement after the common table expressions decides. */
function withVerdict(text: string): Verdict {
  const lexer = new Lexer(text)
  let depth = 0
  while (lexer.next() !== 'end') {
    const value = lexer.kind === 'word' || lexer.kind === 'symbol' ? lexer.value().toUpperCase() : ''
    if (value === '(') depth++
    else if (value === ')') depth--
    else if (depth === 0 && ['SELECT', 'VALUES', 'TABLE'].includes(value)) return QUERY
    else if (depth === 0 && ['UPDATE', 'DELETE', 'INSERT', 'REPLACE'].includes(value)) return DML
  }
  return QUERY
}

/** Offset after the first occurrence of a word outside quotes and comments. */
function wordOffset(text: string, word: string): number | undefined {
  const lexer = new Lexer(text)
  while (lexer.next() !== 'end') {
    if (lexer.kind === 'word' && lexer.value().toUpperCase() === word) return lexer.end
  }
  return undefined
}

/** The first words, upper case, up to the first thing that is not a word; parentheses before them are passed over. */
function leadingWords(text: string, most: number): string[] {
  const lexer = new Lexer(text)
  const words: string[] = []
  while (words.length < most && lexer.next() !== 'end') {
    const { kind } = lexer
    if (kind === 'code-open' || kind === 'code-close') continue
    if (kind === 'word') words.push(lexer.value().toUpperCase())
    else if (words[0] !== undefined && isAccount(words)) {
      // DEFINER = `name`@`host` and ALGORITHM = MERGE stand between CREATE and the kind of object.
      skipAccount(lexer)
      words.pop()
      if (lexer.kind === 'word') words.push(lexer.value().toUpperCase())
    } else if (words.length > 0 || kind !== 'symbol' || lexer.value() !== '(') break
  }
  return words
}

function isAccount(words: readonly string[]): boolean {
  const last = words.at(-1)
  return (
    words.length > 1 && (last === 'DEFINER' || last === 'ALGORITHM') && (words[0] === 'CREATE' || words[0] === 'ALTER')
  )
}

/** From the `=` after DEFINER to the first token behind the account. */
function skipAccount(lexer: Lexer): void {
  lexer.next()
  lexer.next()
  if (lexer.value() === '(') {
    lexer.next()
    lexer.next()
  }
  while (lexer.value() === '@') {
    lexer.next()
    lexer.next()
  }
}

function command(words: readonly string[]): string {
  const first = words[0] ?? ''
  if (first === 'CREATE' || first === 'ALTER' || first === 'DROP') {
    const object = words.slice(1).find(word => !MODIFIERS.has(word))
    return object === undefined ? first : `${first} ${object}`
  }
  const second = words[1]
  const pairs = [
    'LOAD',
    'LOCK',
    'UNLOCK',
    'START',
    'ANALYZE',
    'OPTIMIZE',
    'CHECK',
    'REPAIR',
    'TRUNCATE',
    'RENAME',
    'SET',
  ]
  return second !== undefined && pairs.includes(first) ? `${first} ${second}` : first
}
