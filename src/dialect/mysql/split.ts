// Cuts MySQL and MariaDB text into statements as the server and its command-line client together would: at `;` or the
// delimiter of a DELIMITER line, never inside strings, comments or bodies of routines, with or without DELIMITER.
// Refuses commands of the client, and text that ends inside something. It takes a backslash for an escape, as servers
// do unless NO_BACKSLASH_ESCAPES is set; a text cannot say which, so that mode is not supported for files.
import { refuseCopyData } from '../sql/client-text.ts'
import { type SplitStatement, SplitFailure, type Splitter } from '../split.ts'
import { classify } from './classify.ts'
import { Compound } from './compound.ts'
import { type LexOptions, Lexer } from './lex.ts'

/** A statement's place in its text. */
export interface Cut {
  readonly start: number
  readonly end: number
  /** It begins like a statement that can have a body. */
  readonly compound: boolean
}

/**
 * Commands of the `mysql` and `mariadb` programs that can be written without a backslash and are not SQL
 * (MySQL Reference Manual, "mysql Client Commands").
 */
const CLIENT_COMMANDS: ReadonlySet<string> = new Set(
  (
    'SOURCE SYSTEM TEE NOTEE PAGER NOPAGER PROMPT EDIT EGO GO EXIT QUIT REHASH WARNINGS NOWARNING CONNECT CHARSET ' +
    'STATUS CLEAR PRINT RESETCONNECTION'
  ).split(' '),
)

/** Cuts text into statements and classifies them. @throws SplitFailure SQL.SYNTAX_INVALID, SQL.CLIENT_COMMAND */
export const split: Splitter = async text => {
  const statements: SplitStatement[] = []
  for (const { start, end } of cut(text)) {
    const statement = text.slice(start, end)
    statements.push({ text: statement, offset: start, class: classify(statement) })
  }
  return statements
}

/** The places of the statements. @throws SplitFailure SQL.SYNTAX_INVALID, SQL.CLIENT_COMMAND */
export function cut(text: string, options: LexOptions = {}): Cut[] {
  const cuts: Cut[] = []
  const lexer = new Lexer(text, options)
  for (;;) {
    const found = cutOne(lexer)
    if (found === undefined) return cuts
    if (found.end <= found.start) continue
    // c, C: the data lines that would follow a COPY cannot be cut.
    if ((text.charCodeAt(found.start) | 32) === 99) refuseCopyData(text, found.start)
    cuts.push(found)
  }
}

/** Reads up to the end of one statement; an empty one has no length. Undefined at the end of the text. */
function cutOne(lexer: Lexer): Cut | undefined {
  const compound = new Compound(lexer.delimiter !== ';')
  const trusted = lexer.delimiter !== ';'
  let start = -1
  let end = -1
  // Only a comment that is code has been seen, so that a word may still be the statement's first.
  let words = 0
  for (;;) {
    const kind = lexer.next()
    if (kind === 'end') {
      if (compound.open && !trusted) throw openBody(start)
      return start < 0 ? undefined : { start, end, compound: compound.compound }
    }
    if (kind === 'delimiter' || (kind === 'symbol' && lexer.text.charCodeAt(lexer.start) === 59)) {
      // With a DELIMITER of the author's, a `;` still ends statements without a body: the server would run them apart.
      const ends = kind === 'delimiter' ? trusted || !compound.open : !compound.compound
      if (ends) {
        if (lexer.codeComment >= 0 && start >= 0) throw insideComment(lexer.codeComment)
        return { start: Math.max(start, 0), end: Math.max(end, 0), compound: compound.compound }
      }
      if (compound.open) compound.semicolon()
      // Not part of the text unless something follows it.
      continue
    }
    if (kind === 'backslash') {
      if (start >= 0 && lexer.text[lexer.end] === 'N') continue
      throw backslashCommand(lexer.text, lexer.start)
    }
    if (kind === 'word' && words++ === 0 && lexer.codeComment < 0 && start < 0) {
      const word = lexer.value()
      if (word.length === 9 && word.toUpperCase() === 'DELIMITER') {
        readDelimiter(lexer)
        return { start: 0, end: 0, compound: false }
      }
      if (word.length <= 15 && CLIENT_COMMANDS.has(word.toUpperCase())) throw clientCommand(word, lexer.start)
    }
    if (start < 0) start = lexer.start
    end = lexer.end
    if (compound.settled) continue
    if (compound.definition && kind === 'word' && skipDollarQuote(lexer)) {
      end = lexer.end
      compound.feed('quoted', '')
      continue
    }
    compound.feed(kind, kind === 'word' || kind === 'symbol' ? lexer.value() : '')
  }
}

/** Reads the argument of a DELIMITER line; what else stands in the line is passed over, as the client does. */
function readDelimiter(lexer: Lexer): void {
  const { text, start } = lexer
  const newline = text.indexOf('\n', lexer.end)
  const lineEnd = newline < 0 ? text.length : newline
  const argument = /^[ \t]*(?:'([^']*)'|"([^"]*)"|`([^`]*)`|(\S+))/.exec(text.slice(lexer.end, lineEnd))
  const delimiter = argument?.[1] ?? argument?.[2] ?? argument?.[3] ?? argument?.[4] ?? ''
  if (delimiter === '' || delimiter.includes('\\')) {
    throw new SplitFailure(
      'SQL.SYNTAX_INVALID',
      delimiter === ''
        ? 'DELIMITER must be followed by the new delimiter, for example: DELIMITER //'
        : 'a delimiter cannot contain a backslash',
      start,
    )
  }
  lexer.delimiter = delimiter
  lexer.end = lineEnd
}

function skipDollarQuote(lexer: Lexer): boolean {
  const tag = /^\$\w*\$/.exec(lexer.value())?.[0]
  if (tag === undefined) return false
  const close = lexer.text.indexOf(tag, lexer.start + tag.length)
  if (close < 0)
    throw new SplitFailure('SQL.SYNTAX_INVALID', `the text that begins here with ${tag} never ends`, lexer.start)
  lexer.end = close + tag.length
  return true
}

/** Commands of the mysql program have one letter; a longer word is psql's. */
function backslashCommand(text: string, at: number): SplitFailure {
  const word = /^\\[A-Za-z]{2,}/.exec(text.slice(at, at + 40))?.[0]
  if (word === undefined) return clientCommand(text.slice(at, at + 2), at)
  return new SplitFailure('SQL.CLIENT_COMMAND', `${word} is a command of psql, not SQL`, at, [
    `remove ${word} from the file: godwit connects by itself and runs SQL only`,
  ])
}

function clientCommand(command: string, at: number): SplitFailure {
  return new SplitFailure(
    'SQL.CLIENT_COMMAND',
    `${command} is a command of the mysql client program, which the server does not know`,
    at,
    [command === '\\g' || command === '\\G' ? 'end the statement with ; instead' : `remove ${command} from the file`],
  )
}

function openBody(at: number): SplitFailure {
  return new SplitFailure('SQL.SYNTAX_INVALID', 'the body of the statement that begins here has no END', at, [
    'write DELIMITER // before the statement and // after it, if its body is complete',
  ])
}

function insideComment(at: number): SplitFailure {
  return new SplitFailure('SQL.SYNTAX_INVALID', 'a statement ends inside the versioned comment that begins here', at)
}
