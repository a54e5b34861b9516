// SQL text reduced to what it means: comments and blanks gone, words in lower case, quotes around names off. A name in
// double quotes that nothing bears is a text to SQLite (https://sqlite.org/quirks.html, section 8), so it stays as it is.
import { newToken, readToken } from './lex.ts'

export interface Word {
  readonly kind: 'word' | 'name' | 'string' | 'sign'
  /** Words in lower case; names without their quotes; strings and signs as written. */
  readonly text: string
  readonly start: number
  readonly end: number
  /** In double quotes. */
  readonly isDouble?: true
}

/** The tokens of a text, in order. */
export function wordsOf(sql: string): Word[] {
  const words: Word[] = []
  const token = newToken()
  for (let at = 0; ; at = token.end) {
    readToken(sql, at, token)
    if (token.kind === 'end') return words
    const { kind, start, end } = token
    const written = sql.slice(start, end)
    if (kind === 'name') {
      words.push({ kind, text: unquoted(written), start, end, ...(written[0] === '"' ? { isDouble: true } : {}) })
    } else if (kind === 'word') words.push({ kind, text: written.toLowerCase(), start, end })
    else if (kind === 'string') words.push({ kind, text: written, start, end })
    else words.push({ kind: 'sign', text: written, start, end })
  }
}

/** `"a""b"`, `[a]` and the like as the name they stand for. */
export function unquoted(written: string): string {
  const [first = ''] = written
  if (first === '[') return written.slice(1, -1)
  return ['"', '`', "'"].includes(first) ? written.slice(1, -1).replaceAll(first + first, first) : written
}

/** A name as SQL. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(name) && !keywords.has(name.toUpperCase())
    ? name
    : `"${name.replaceAll('"', '""')}"`
}

/** The name that a word stands for, in lower case; SQLite takes a string for a name where it expects one. */
export function nameOf(word: Word | undefined): string {
  return spelledName(word).toLowerCase()
}

/** As written, where a name is quoted; plain words come in lower case. */
export function spelledName(word: Word | undefined): string {
  if (word === undefined) return ''
  return word.kind === 'string' ? unquoted(word.text) : word.text
}

/** True for the keyword or sign itself, not for a quoted name of that spelling. */
export function isWord(word: Word | undefined, ...texts: string[]): boolean {
  return word !== undefined && (word.kind === 'word' || word.kind === 'sign') && texts.includes(word.text)
}

/** What two texts that mean the same have in common. `names`: lower-case names that a word in double quotes can mean; absent: any. */
export function canonical(words: readonly Word[], names?: ReadonlySet<string>): string {
  return words
    .map(word => {
      if (word.kind !== 'name') return word.text
      const name = word.text.toLowerCase()
      return word.isDouble && names && !names.has(name) ? JSON.stringify(word.text) : name
    })
    .join(' ')
}

/** https://sqlite.org/lang_keywords.html. Some of them can stand for names in some places; quoted they can everywhere. */
const keywords = new Set(
  (
    'ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT BEFORE BEGIN BETWEEN BY CASCADE ' +
    'CASE CAST CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME ' +
    'CURRENT_TIMESTAMP DATABASE DEFAULT DEFERRABLE DEFERRED DELETE DESC DETACH DISTINCT DO DROP EACH ELSE END ESCAPE ' +
    'EXCEPT EXCLUDE EXCLUSIVE EXISTS EXPLAIN FAIL FALSE FILTER FIRST FOLLOWING FOR FOREIGN FROM FULL GENERATED GLOB ' +
    'GROUP GROUPS HAVING IF IGNORE IMMEDIATE IN INDEX INDEXED INITIALLY INNER INSERT INSTEAD INTERSECT INTO IS ISNULL ' +
    'JOIN LAST LEFT LIKE LIMIT MATCH MATERIALIZED NATURAL NO NOT NOTHING NOTNULL NULL NULLS OF OFFSET ON OR ORDER ' +
    'OTHERS OUTER OVER PARTITION PLAN PRAGMA PRECEDING PRIMARY QUERY RAISE RANGE RECURSIVE REFERENCES REGEXP REINDEX ' +
    'RELEASE RENAME REPLACE RESTRICT RETURNING RIGHT ROLLBACK ROW ROWS SAVEPOINT SELECT SET TABLE TEMP TEMPORARY THEN ' +
    'TIES TO TRANSACTION TRIGGER TRUE UNBOUNDED UNION UNIQUE UPDATE USING VACUUM VALUES VIEW VIRTUAL WHEN WHERE ' +
    'WINDOW WITH WITHOUT WITHIN'
  ).split(' '),
)
