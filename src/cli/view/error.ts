// A failure as a block: what, where, why, and what to do now.
import type { ErrorLocation } from '../../core/error.ts'
import { type ErrorCode, errorCodes } from '../../core/error-codes.ts'
import type { Finding } from '../../core/finding.ts'
import { type Style, wrap } from '../style.ts'

interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly why?: string | undefined
  readonly next?: readonly string[] | undefined
  readonly where?: ErrorLocation | undefined
  readonly meta?: Readonly<Record<string, unknown>>
  /** Of a finding; an error has none. */
  readonly severity?: Finding['severity']
}

/**
 * @param database named when the call was about several
 */
export function errorView(error: Failure, style: Style, database?: string): string {
  const warning = error.severity !== undefined && error.severity !== 'error'
  const mark = warning ? style.yellow(style.symbols.warning) : style.red(style.symbols.failed)
  const paint = warning ? style.yellow : style.red
  const lines = [`${mark} ${style.bold(paint(error.code))}${database === undefined ? '' : `  ${style.bold(database)}`}`]
  for (const line of wrap(error.message, style.wrapAt - 2)) lines.push(`  ${line}`)
  if (error.where !== undefined) lines.push('', ...whereLines(error.where, style))
  const diff = error.meta?.['diff']
  if (typeof diff === 'string') lines.push('', ...diffLines(diff, style))
  const why = error.why ?? errorCodes[error.code]?.summary
  const facts: string[] = []
  if (why !== undefined && why !== '') facts.push(...labelled('Why', wrap(why, style.wrapAt - 9), style))
  if (error.next !== undefined && error.next.length > 0)
    facts.push(...labelled('Next', error.next.map(style.cyan), style))
  facts.push(...labelled('Docs', [style.dim(`docs/errors/${error.code}.md`)], style))
  return `${[...lines, '', ...facts].join('\n')}\n`
}

/** Both texts of an edited file: red was applied, green stands in the file now. */
function diffLines(diff: string, style: Style): string[] {
  return diff
    .trimEnd()
    .split('\n')
    .map(line => {
      if (line.startsWith('-')) return `  ${style.red(line)}`
      return line.startsWith('+') ? `  ${style.green(line)}` : `  ${style.dim(line)}`
    })
}

function labelled(label: string, lines: readonly string[], style: Style): string[] {
  return lines.map((line, index) => `  ${index === 0 ? style.dim(label.padEnd(5)) : '     '}  ${line}`.trimEnd())
}

/** The file, and its line with a caret under the column. */
export function whereLines(where: ErrorLocation, style: Style): string[] {
  const place = [where.file, where.line, where.line === undefined ? undefined : where.column]
    .filter(part => part !== undefined)
    .join(':')
  const lines = [`  ${style.bold(place)}`]
  if (where.line === undefined || where.text === undefined) return lines
  const number = String(where.line)
  const { text, column } = windowAround(where.text, where.column, style.width - number.length - 6, style)
  lines.push(`  ${style.dim(`${number} ${style.symbols.bar}`)} ${text}`.trimEnd())
  if (column !== undefined)
    lines.push(
      `  ${' '.repeat(number.length)} ${style.dim(style.symbols.bar)} ${' '.repeat(column - 1)}${style.red('^')}`,
    )
  return lines
}

/** The part of a long line around the column, so that the caret is on the screen. Tabs become two blanks. */
function windowAround(
  source: string,
  column: number | undefined,
  width: number,
  style: Style,
): { text: string; column: number | undefined } {
  const before = column === undefined ? '' : source.slice(0, column - 1)
  const text = source.replaceAll('\t', '  ').trimEnd()
  const at = column === undefined ? undefined : before.replaceAll('\t', '  ').length + 1
  const end = style.symbols.ellipsis
  if (text.length <= width) return { text, column: at }
  if (at === undefined || at <= width - 10) return { text: text.slice(0, width - end.length) + end, column: at }
  const from = Math.max(0, at - Math.floor(width / 2))
  return { text: end + text.slice(from, from + width - 2 * end.length) + end, column: at - from + end.length }
}

/** Causes with their stacks, for GODWIT_DEBUG. */
export function stackView(error: unknown, style: Style): string {
  const parts: string[] = []
  for (let current = error; current instanceof Error && parts.length < 5; current = current.cause)
    parts.push(current.stack ?? String(current))
  return `${style.dim(parts.join('\ncaused by\n'))}\n`
}
