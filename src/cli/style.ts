// How text looks on one stream: colours, symbols and width. Decided once per stream and then passed along.
import pc from 'picocolors'
import type { Variables } from '../config/variables.ts'
import type { OutStream } from './io.ts'

export interface Symbols {
  readonly applied: string
  readonly pending: string
  readonly undone: string
  readonly tried: string
  readonly failed: string
  readonly partial: string
  readonly warning: string
  readonly bar: string
  readonly ellipsis: string
  readonly arrow: string
  readonly spinner: readonly string[]
}

const unicode: Symbols = {
  applied: '✓',
  pending: '○',
  undone: '↶',
  tried: '✓',
  failed: '✗',
  partial: '◐',
  warning: '!',
  bar: '│',
  ellipsis: '…',
  arrow: '→',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
}

const ascii: Symbols = {
  applied: '+',
  pending: 'o',
  undone: '-',
  tried: '+',
  failed: 'x',
  partial: '~',
  warning: '!',
  bar: '|',
  ellipsis: '...',
  arrow: '->',
  spinner: ['-', '\\', '|', '/'],
}

type Paint = (text: string) => string

export interface Style {
  readonly unicode: boolean
  readonly symbols: Symbols
  /** Columns that a line may fill before it is cut. */
  readonly width: number
  /** Columns at which sentences are broken: never in a pipe, so that a log can be searched. */
  readonly wrapAt: number
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly cyan: Paint
}

/** @param wanted `--color` (true), `--no-color` (false) or neither */
export function makeStyle(stream: OutStream, variables: Variables, wanted: boolean | undefined): Style {
  const c = pc.createColors(wanted ?? colorByEnvironment(stream, variables))
  const isUnicode = unicodeByEnvironment(variables)
  return {
    unicode: isUnicode,
    symbols: isUnicode ? unicode : ascii,
    width: stream.isTTY ? Math.max(40, Math.min(stream.columns ?? 80, 120)) : 100,
    wrapAt: stream.isTTY ? Math.max(40, Math.min(stream.columns ?? 80, 100)) : Number.POSITIVE_INFINITY,
    bold: c.bold,
    dim: c.dim,
    red: c.red,
    green: c.green,
    yellow: c.yellow,
    cyan: c.cyan,
  }
}

function colorByEnvironment(stream: OutStream, variables: Variables): boolean {
  if (variables['NO_COLOR']) return false
  const force = variables['FORCE_COLOR']
  if (force !== undefined) return force !== '0' && force !== 'false'
  return stream.isTTY === true && variables['TERM'] !== 'dumb'
}

/** The first of these three that is set decides, as for every POSIX program; Windows terminals of today read UTF-8. */
function unicodeByEnvironment(variables: Variables): boolean {
  const locale = variables['LC_ALL'] || variables['LC_CTYPE'] || variables['LANG']
  if (locale) return /utf-?8/i.test(locale)
  return Boolean(variables['WT_SESSION'] || variables['TERM_PROGRAM'])
}

/** Columns of a text without its colours. Wide characters count as one, which is right for names and SQL. */
export function widthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
  return text.replace(/\u001b\[[0-9;]*m/g, '').length
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Cuts plain text to `width` columns; line breaks become blanks. */
export function shorten(text: string, width: number, style: Style): string {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line.length <= width) return line
  const end = style.symbols.ellipsis
  return line.slice(0, Math.max(0, width - end.length)).trimEnd() + end
}

/** Breaks plain text at blanks so that no line is longer than `width`, unless a word is. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap(paragraph => {
    // Kept as it is: a diff, a table, a piece of code.
    if (/^\s{2,}|^[+-]\s/.test(paragraph)) return [paragraph]
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(/\s+/)) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line)
        line = word
      } else line = line === '' ? word : `${line} ${word}`
    }
    lines.push(line)
    return lines
  })
}
