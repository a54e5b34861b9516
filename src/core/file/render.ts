// The text of new revision files. Written once by godwit, then the user's: nothing reads more from it than any other file.
import { formatDuration } from './duration.ts'
import type { Header } from './header.ts'

export type RevisionFormat = 'sql' | 'ts'

export interface RenderRequest {
  /** First line, as a comment. */
  readonly message: string
  readonly header?: Partial<Header>
  /** SQL or code of the sections; empty or left out: room to write. */
  readonly up?: string
  /** `null`: no down section. */
  readonly down?: string | null
}

/** A SQL revision with its header and both sections. */
export function renderSql(request: RenderRequest): string {
  const { message, header = {}, up = '', down = '' } = request
  const lines = [...comment('--', message), ...headerText('--', header), '-- migrate:up', section(up)]
  if (down !== null) lines.push('-- migrate:down', section(down === '' ? DOWN_HINT : down))
  return `${lines.join('\n').trimEnd()}\n`
}

const DOWN_HINT = '-- Undo the above, or delete this section and the line above it: an empty down does nothing.'

/** A TypeScript revision. Everything stated is a literal, so that it can be read without running the file. */
export function renderTypeScript(request: RenderRequest): string {
  const { message, header = {}, up = '', down = '' } = request
  const { parents, ...rest } = header
  const state = parents === undefined ? [] : [`  parent: ${renderParents(parents)},`]
  const method = (name: string, body: string) => [
    `  async ${name}(m) {`,
    ...body.split('\n').flatMap(line => (line.trim() === '' ? [] : [`    ${line}`])),
    '  },',
  ]
  return [
    ...comment('//', message),
    ...headerText('//', rest),
    "import { defineRevision } from 'godwit'",
    '',
    'export default defineRevision({',
    ...state,
    ...method('up', up === '' ? '// await m.sql`…`' : up),
    ...(down === null
      ? []
      : method('down', down === '' ? '// Undo the above, or delete this function: an empty down does nothing.' : down)),
    '})',
    '',
  ].join('\n')
}

/** A revision that only joins heads: it changes nothing, up and down. */
export function renderMerge(format: RevisionFormat, message: string, parents: readonly string[]): string {
  const header = { parents }
  if (format === 'sql')
    return renderSql({ message, header, up: '-- Joins the parents; nothing to run.', down: '-- Nothing to undo.' })
  return renderTypeScript({ message, header, up: '// Joins the parents; nothing to run.', down: '// Nothing to undo.' })
}

/** The literal of `parent` in code. */
export function renderParents(parents: readonly string[]): string {
  const quoted = parents.map(parent => `'${parent.replace(/[\\']/g, '\\$&')}'`)
  return quoted.length === 1 ? (quoted[0] as string) : `[${quoted.join(', ')}]`
}

/** The value of a header key, in double quotes where it needs them. */
export function renderValue(value: string): string {
  return /^[^\s"]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
}

function headerText(mark: string, header: Partial<Header>): string[] {
  const { parents, depends = [], labels = [], options = {} } = header
  const graph: string[] = []
  if (parents !== undefined) graph.push(`parent=${renderValue(parents.join(',') || 'base')}`)
  if (depends.length > 0) {
    graph.push(`depends=${renderValue(depends.map(({ database, revision }) => `${database}:${revision}`).join(','))}`)
  }
  if (labels.length > 0) graph.push(`label=${renderValue(labels.join(','))}`)
  const run: string[] = []
  if (options.transaction === 'off') run.push('transaction=off')
  if (options.lockTimeoutMs !== undefined) run.push(`lock_timeout=${formatDuration(options.lockTimeoutMs)}`)
  if (options.statementTimeoutMs !== undefined)
    run.push(`statement_timeout=${formatDuration(options.statementTimeoutMs)}`)
  if (options.phase !== undefined) run.push(`phase=${options.phase}`)
  if (options.irreversible !== undefined) run.push(`irreversible=${renderValue(options.irreversible)}`)
  return [graph, run].filter(part => part.length > 0).map(part => `${mark} godwit: ${part.join(' ')}`)
}

/** A message that reads like a header or a marker must not act as one. */
function comment(mark: string, message: string): string[] {
  const lines = message.split(/\p{Cc}+/u).filter(line => line.trim() !== '')
  return lines.map(
    line =>
      `${mark} ${line.trim().replace(/^(?=godwit:|migrate:|\+|no-transaction|[\s-]*(?:up|down)\s+migration)/i, 'About ')}`,
  )
}

function section(text: string): string {
  return `${text.trimEnd()}\n`
}
