// Cuts a text into statements. The lexer finds the bounds, PostgreSQL's own parser (libpg-query 18, WASM) checks
// the syntax, confirms the bounds and says what each statement is. The parser needs about 75 bytes of memory for
// each byte and dies at 50 MB (measured), so it gets pieces, and the largest texts are not parsed throughout.
import { GodwitError } from '../../core/error.ts'
import { SplitFailure, type SplitStatement, type Splitter, type StatementClass } from '../split.ts'
import { classify, classifyByWords } from './classify.ts'
import { type Cut, cutStatements } from './lex.ts'

/** UTF-16 units given to the parser at once. */
const PIECE = 262_144
/** A statement longer than this is classified by its first words; the server checks its syntax. */
const LONGEST_PARSED = 2_000_000
/** In a text longer than this, plain data statements are not parsed either: 50 MB would take ten seconds. */
const LARGE_TEXT = 4_000_000

const DATA = /^(?:insert|update|delete)\b/i

/** @throws SplitFailure SQL.SYNTAX_INVALID, SQL.CLIENT_COMMAND, SQL.COPY_DATA */
export const split: Splitter = async text => {
  const large = text.length > LARGE_TEXT
  const statements: SplitStatement[] = []
  let piece: Cut[] = []
  const flush = async (): Promise<void> => {
    if (piece.length === 0) return
    const cuts = piece
    piece = []
    for (const statement of await parsePiece(text, cuts)) statements.push(statement)
  }
  for (const cut of cutStatements(text)) {
    const length = cut.end - cut.start
    if (length > LONGEST_PARSED || (large && DATA.test(text.slice(cut.start, cut.start + 8)))) {
      await flush()
      statements.push(statementOf(text, cut, classifyByWords(text.slice(cut.start, cut.start + 400))))
      continue
    }
    const [first] = piece
    if (first !== undefined && cut.end - first.start > PIECE) await flush()
    piece.push(cut)
  }
  await flush()
  return statements
}

interface Parser {
  parseSync(text: string): { stmts?: { stmt?: Record<string, unknown>; stmt_location?: number; stmt_len?: number }[] }
}

let loading: Promise<Parser> | undefined

function loadParser(): Promise<Parser> {
  loading ??= import('libpg-query').then(async module => {
    await module.loadModule()
    return module as unknown as Parser
  })
  return loading
}

/** The trees of statements that are known to be right; one that the parser cannot take is left out. */
export async function parseStatements(statements: readonly string[]): Promise<unknown[]> {
  const parser = await loadParser()
  return statements.flatMap(text => {
    try {
      return text.length > LONGEST_PARSED ? [] : [parser.parseSync(text)]
    } catch {
      return []
    }
  })
}

async function parsePiece(text: string, cuts: readonly Cut[]): Promise<SplitStatement[]> {
  const base = cuts[0]?.start ?? 0
  const piece = text.slice(base, cuts.at(-1)?.end)
  const parser = await loadParser()
  let parsed: ReturnType<Parser['parseSync']>
  try {
    parsed = parser.parseSync(piece)
  } catch (error) {
    const details = (error as { sqlDetails?: { message: string; cursorPosition: number } }).sqlDetails
    // Without details it is the parser that failed, not the text (nesting beyond its stack): the server decides.
    if (details === undefined)
      return cuts.map(cut => statementOf(text, cut, classifyByWords(text.slice(cut.start, cut.end))))
    const offset = base + utf16Offset(piece, details.cursorPosition)
    throw new SplitFailure('SQL.SYNTAX_INVALID', details.message, offset)
  }
  const found = parsed.stmts ?? []
  const toUtf16 = byteConverter(piece)
  const starts = found.map(entry => base + toUtf16(entry.stmt_location ?? 0))
  const agreed = found.length === cuts.length && starts.every((start, index) => isSameStart(text, start, cuts[index]))
  const bounds = agreed ? cuts : parserCuts(text, found, base, byteConverter(piece))
  return bounds.map((cut, index) => {
    const node = found[index]?.stmt
    if (node === undefined) throw new GodwitError('INTERNAL.BUG', 'the parser found a statement without a tree')
    return statementOf(text, cut, classify(node, text.slice(cut.start, cut.end)))
  })
}

/** The parser counts blanks and comments before a first statement as part of it. */
function isSameStart(text: string, start: number, cut: Cut | undefined): boolean {
  return cut !== undefined && start <= cut.start && cut.start - start === blankLength(text, start)
}

function blankLength(text: string, start: number): number {
  const blank = /(?:\s|--[^\n\r]*|\/\*[\s\S]*?\*\/)*/y
  blank.lastIndex = start
  return blank.exec(text)?.[0].length ?? 0
}

/** Bounds by the parser, for the rare text that it reads in another way than the lexer (`SELECT 1 AS end` in a body). */
function parserCuts(
  text: string,
  found: readonly { stmt_location?: number; stmt_len?: number }[],
  base: number,
  toUtf16: (byte: number) => number,
): Cut[] {
  return found.map(entry => {
    const location = entry.stmt_location ?? 0
    const from = base + toUtf16(location)
    const start = from + blankLength(text, from)
    const length = entry.stmt_len ?? 0
    if (length === 0) return { start, end: text.length }
    return { start, end: start + text.slice(start, base + toUtf16(location + length)).trimEnd().length }
  })
}

function statementOf(text: string, cut: Cut, facts: StatementClass): SplitStatement {
  return { text: text.slice(cut.start, cut.end), offset: cut.start, class: facts }
}

/** UTF-16 offset of the n-th code point, which is how the parser and the server count positions. */
export function utf16Offset(text: string, codePoints: number): number {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return Math.min(codePoints, text.length)
  let offset = 0
  for (let count = 0; count < codePoints && offset < text.length; count++) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1
  }
  return offset
}

/** UTF-8 byte offsets to UTF-16 offsets, to be asked in rising order. */
function byteConverter(text: string): (byte: number) => number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is the range of control characters too
  if (/^[\x00-\x7f]*$/.test(text)) return byte => byte
  let offset = 0
  let bytes = 0
  return byte => {
    while (bytes < byte && offset < text.length) {
      const code = text.codePointAt(offset) ?? 0
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
      offset += code > 0xffff ? 2 : 1
    }
    return offset
  }
}
