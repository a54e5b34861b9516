// Cuts a file into statements with our own lexer and has DuckDB's own parser check them before anything runs. The
// parser tells numbers of statements but no offsets; PIVOT counts as two, so that a different number is not yet a
// fault: then each statement must parse by itself.
import { refusePsql } from '../sql/client-text.ts'
import { SplitFailure, type SplitStatement } from '../split.ts'
import { classify } from './classify.ts'
import { type DuckDBConnection, loadDuckdb } from './driver.ts'
import { caretOffset, messageOf, withoutExcerpt } from './error.ts'
import { cut, type Piece } from './lex.ts'

/**
 * Texts above this many UTF-16 units are not parsed before they run: DuckDB's parser needs 0.25 s for each million
 * (measured). DuckDB still refuses bad SQL when it runs.
 */
export const PARSE_LIMIT = 4_000_000

export async function splitDuckdb(text: string): Promise<readonly SplitStatement[]> {
  const { pieces, open } = cut(text)
  for (const { start } of pieces) refuseClientCommand(text, start)
  if (open !== undefined) throw new SplitFailure('SQL.SYNTAX_INVALID', `${opener(text, open)} is not closed`, open)
  if (pieces.length > 0 && text.length <= PARSE_LIMIT) await checkGrammar(text, pieces)
  return pieces.map(({ start, end }) => {
    const own = text.slice(start, end)
    return { text: own, offset: start, class: classify(own) }
  })
}

async function checkGrammar(text: string, pieces: readonly Piece[]): Promise<void> {
  const connection = await parserConnection()
  // A SAVEPOINT is no DuckDB statement, but what the engine has to say about it is clearer than a syntax error.
  const own = pieces.filter(({ start, end }) => classify(text.slice(start, end)).kind !== 'control')
  if (own.length === pieces.length) {
    try {
      if ((await connection.extractStatements(text)).count === pieces.length) return
    } catch {
      // the statement at fault is found below
    }
  }
  for (const { start, end } of own) {
    const statement = text.slice(start, end)
    try {
      await connection.extractStatements(statement)
    } catch (error) {
      const message = messageOf(error).replace(/^Failed to extract statements: /, '')
      const offset = start + (caretOffset(statement, message) ?? 0)
      throw new SplitFailure('SQL.SYNTAX_INVALID', withoutExcerpt(message), offset)
    }
  }
}

let parser: Promise<DuckDBConnection> | undefined

/** One empty database in memory for all parsing of this process. */
function parserConnection(): Promise<DuckDBConnection> {
  parser ??= loadDuckdb().then(async ({ DuckDBInstance }) =>
    (await DuckDBInstance.create(':memory:', { threads: '1' })).connect(),
  )
  parser.catch(() => {
    parser = undefined
  })
  return parser
}

function refuseClientCommand(text: string, start: number): void {
  refusePsql(text, start)
  if (text[start] !== '.') return
  const command = /^\.\s*\w*/.exec(text.slice(start, start + 40))?.[0] ?? '.'
  throw new SplitFailure('SQL.CLIENT_COMMAND', `${command} is a command of the duckdb shell, not SQL`, start, [
    command === '.read' ? 'put the text of the other file into this one' : 'remove the line',
  ])
}

function opener(text: string, open: number): string {
  return /^(?:\/\*|\$\w*\$|[eE]?'|")/.exec(text.slice(open, open + 40))?.[0] ?? 'a string'
}
