// goose (`-- +goose Up`) and sql-migrate (`-- +migrate Up`), which write the same annotations under two names.
// Refuses ENVSUB ON: text that depends on the environment has no checksum that means anything.
import type { Line } from '../text.ts'
import type { Marker, MarkerLayout, MarkerProblem } from './marker.ts'

export const gooseLayout: MarkerLayout = {
  name: 'goose',
  up: '-- +goose Up',
  down: '-- +goose Down',
  read: line => readAnnotation(line, 'goose'),
}

export const sqlMigrateLayout: MarkerLayout = {
  name: 'sql-migrate',
  up: '-- +migrate Up',
  down: '-- +migrate Down',
  read: line => readAnnotation(line, 'migrate'),
}

const KINDS: Readonly<Record<string, Marker['kind']>> = {
  up: 'up',
  down: 'down',
  statementbegin: 'begin',
  statementend: 'end',
  'no transaction': 'note',
  'envsub off': 'note',
  'up notransaction': 'up',
  'down notransaction': 'down',
}

function readAnnotation(line: Line, tool: string): Marker | MarkerProblem | undefined {
  const found = /^(\s*--\s*\+(\w+)\s*)(.*)$/.exec(line.text)
  if (found === null || found[2]?.toLowerCase() !== tool) return undefined
  const words = (found[3] as string).trim().replace(/\s+/g, ' ').toLowerCase()
  const kind = KINDS[words]
  if (kind !== undefined) return { kind, line, transactionOff: words.includes('transaction') }
  const column = (found[1] as string).length
  if (words === 'envsub on') return { line, column, message: 'environment substitution (ENVSUB ON) is not supported' }
  return { line, column, message: `unknown annotation \`+${tool} ${(found[3] as string).trim()}\`` }
}
