// Cuts a file into statements with our own lexer (see lex.ts) and has the grammar checked before anything runs:
// by sqlite3-parser, and where that refuses, by the real engine, which has the last word. The parser's own spans
// are not used: in 0.7.1 an INSERT's span begins at the semicolon before it and EXPLAIN is outside of its span.
import { refusePsql } from '../sql/client-text.ts'
import { SplitFailure, type SplitStatement, type Splitter } from '../split.ts'
import { classify } from './classify.ts'
import { cut, type Piece } from './lex.ts'

/**
 * Texts above this many UTF-16 units are not parsed before they run: the parser needs 0.15 s and 45 MB of memory
 * for each million (measured), so that a dump of 50 MB would take 7 s and 2 GB. The engine still refuses bad SQL.
 */
export const PARSE_LIMIT = 1_000_000

/** What the real engine says about one statement: undefined = its grammar is fine; `unknown` = no engine here. */
export type Judge = (statement: string) => Promise<{ readonly message: string } | 'unknown' | undefined>

export function sqliteSplitter(judge: Judge): Splitter {
  return async text => {
    const { pieces, open } = cut(text)
    for (const piece of pieces) refuseClientCommand(text, piece)
    if (open !== undefined) throw new SplitFailure('SQL.SYNTAX_INVALID', `${text[open]} is not closed`, open)
    if (text.length <= PARSE_LIMIT) await checkGrammar(text, pieces, judge)
    return pieces.map(piece => statement(text, piece))
  }
}

function statement(text: string, piece: Piece): SplitStatement {
  const own = text.slice(piece.start, piece.end)
  return { text: own, offset: piece.start, class: classify(own) }
}

async function checkGrammar(text: string, pieces: readonly Piece[], judge: Judge): Promise<void> {
  if (pieces.length === 0) return
  const { parse } = await import('sqlite3-parser')
  for (let from = 0; from < pieces.length; ) {
    const base = pieces[from]?.start ?? 0
    const result = parse(text.slice(base))
    if (result.status === 'ok') return
    const diagnostic = result.errors[0]
    const offset = base + (diagnostic?.span.offset ?? 0)
    // A fault at the end of a statement is reported at or after its semicolon.
    const found = pieces.findIndex((piece, index) => index >= from && offset <= piece.end)
    const index = found < 0 ? pieces.length - 1 : found
    const piece = pieces[index] as Piece
    const own = text.slice(piece.start, piece.end)
    const verdict = await judge(own)
    if (verdict !== undefined) {
      const message = verdict === 'unknown' ? (diagnostic?.message ?? 'syntax error') : verdict.message
      throw new SplitFailure('SQL.SYNTAX_INVALID', message, Math.max(piece.start, Math.min(offset, piece.end)))
    }
    from = index + 1
  }
}

/** Grammar faults, as opposed to tables that are not there yet. */
export function isGrammarFault(message: string): boolean {
  return /: syntax error|incomplete input|unrecognized token/.test(message)
}

function refuseClientCommand(text: string, piece: Piece): void {
  refusePsql(text, piece.start)
  if (text[piece.start] !== '.') return
  const command = /^\.\s*\w*/.exec(text.slice(piece.start, piece.start + 40))?.[0] ?? '.'
  throw new SplitFailure(
    'SQL.CLIENT_COMMAND',
    `${command} is a command of the sqlite3 shell, not SQL`,
    piece.start,
    command === '.read' ? ['put the text of the other file into this one'] : ['remove the line'],
  )
}
