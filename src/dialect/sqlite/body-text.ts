// Views and triggers as SQLite keeps them: what they mean, and which tables and views they read or write.
import { canonical, isWord, nameOf, spelledName, type Word } from './canonical.ts'

/** Words behind which no table is named any more, until the next FROM. */
const AFTER_TABLES = [
  'where',
  'group',
  'order',
  'limit',
  'having',
  'union',
  'except',
  'intersect',
  'select',
  'set',
  'values',
  'returning',
  'window',
  'begin',
]

/** Lower-case names that stand where a table or view is named. */
export function relationsIn(words: readonly Word[]): Set<string> {
  const found = new Set<string>()
  /** Of each open parenthesis: a comma is followed by another table. */
  const lists = [false]
  let isExpected = false
  for (const [at, word] of words.entries()) {
    const next = words[at + 1]
    if (isWord(word, '(')) lists.push(isExpected)
    else if (isWord(word, ')')) {
      lists.pop()
      isExpected = false
    } else if (isWord(word, 'from', 'join')) {
      lists[lists.length - 1] = true
      isExpected = true
    } else if (isWord(word, 'into', 'update')) isExpected = true
    else if (isWord(word, 'in')) isExpected = !isWord(next, '(')
    else if (isWord(word, ',')) isExpected = lists.at(-1) ?? false
    else if (isWord(word, ...AFTER_TABLES)) {
      lists[lists.length - 1] = false
      isExpected = false
    } else if (isWord(word, 'or', 'rollback', 'abort', 'replace', 'fail', 'ignore') && isExpected) continue
    else if (isWord(word, '.')) continue
    else if (isExpected && word.kind !== 'sign') {
      // `main.t`
      if (isWord(next, '.')) continue
      found.add(nameOf(word))
      isExpected = false
    } else if (word.kind !== 'sign') isExpected = false
  }
  return found
}

/** As `canonical`, with the names of columns (AS "Total") in the case in which they are given to a reader. */
export function canonicalBody(sql: string, words: readonly Word[], names: ReadonlySet<string>): string {
  const casts: boolean[] = []
  const parts: string[] = []
  let from = 0
  const flush = (to: number) => {
    if (to > from) parts.push(canonical(words.slice(from, to), names))
    from = to
  }
  for (const [at, word] of words.entries()) {
    if (isWord(word, '(')) casts.push(isWord(words[at - 1], 'cast'))
    else if (isWord(word, ')')) casts.pop()
    else if (isWord(words[at - 1], 'as') && word.kind !== 'sign' && !casts.at(-1)) {
      if (isWord(word, 'select', 'with', 'values', 'materialized', 'not')) continue
      flush(at)
      parts.push(word.kind === 'word' ? sql.slice(word.start, word.end) : spelledName(word))
      from = at + 1
    }
  }
  flush(words.length)
  return parts.join(' ')
}
