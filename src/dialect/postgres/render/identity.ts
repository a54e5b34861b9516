// Identity columns and the sequences of serial columns: made, altered, and turned into each other without starting anew.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext, RenderedStatement } from '../../../schema/change/renderer.ts'
import { canonicalJson } from '../../../schema/model/snapshot.ts'
import type { Json, SchemaObject } from '../../../schema/model/object.ts'
import { literal } from '../journal.ts'
import { grantChanges, grantsIn } from './access.ts'
import { list, text, withinBounds } from './kind.ts'
import { ident, lastName, ownerName, qualified } from './name.ts'

export interface Identity {
  readonly kind: string
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cache: string
  readonly cycle?: boolean
  readonly sequence: readonly string[]
  readonly grants?: Json
}

export const identityOf = (column: SchemaObject): Identity | undefined =>
  column.properties['identity'] as unknown as Identity | undefined
export function identitySettings(identity: Identity): string {
  return `SEQUENCE NAME ${qualified(identity.sequence)} ${sequenceSettings(identity)}`
}

function sequenceSettings(identity: Identity, set = ''): string {
  return [
    `START WITH ${identity.start}`,
    `INCREMENT BY ${identity.increment}`,
    `MINVALUE ${identity.minimum}`,
    `MAXVALUE ${identity.maximum}`,
    `CACHE ${identity.cache}`,
    identity.cycle === true ? 'CYCLE' : 'NO CYCLE',
  ]
    .map(setting => `${set}${setting}`)
    .join(' ')
}

/** The name in a key `sequence:public."A"`, whose quotes are those of JSON. */
export function sequenceName(key: string): string {
  const parts = key.slice(key.indexOf(':') + 1).match(/"(?:[^"\\]|\\.)*"|[^.]+/g) ?? []
  return qualified(parts.map(part => (part.startsWith('"') ? (JSON.parse(part) as string) : part)))
}

/** A serial column that becomes an identity column, or back: two sequences of one name cannot be there at once. */
export function sequenceSwap(
  change: Alteration,
  context: RenderContext,
): { gone: readonly string[]; fresh: readonly string[] } {
  const { before, after } = change
  const wanted = identityOf(after)
  const was = identityOf(before)
  const gone =
    wanted === undefined || was !== undefined
      ? []
      : list(before, 'owns').filter(key => context.after.get(key) === undefined)
  const fresh =
    was === undefined || wanted !== undefined
      ? []
      : list(after, 'owns').filter(
          key => context.before.get(key) === undefined && sequenceName(key) === qualified(was.sequence),
        )
  return { gone, fresh }
}

export function identityChange(before: SchemaObject, after: SchemaObject, alter: string): RenderedStatement[] {
  const [was, wanted] = [identityOf(before), identityOf(after)]
  if (wanted === undefined) return []
  const name = qualified(wanted.sequence)
  if (was === undefined) {
    const statements = [
      { sql: `${alter} ADD GENERATED ${wanted.kind.toUpperCase()} AS IDENTITY (${identitySettings(wanted)})` },
    ]
    return [
      ...statements,
      continueFrom(name, undefined, after),
      ...(wanted.grants === undefined ? [] : grantChanges(`SEQUENCE ${name}`, {}, grantsIn(wanted.grants))),
    ]
  }
  if (canonicalJson(was as never) === canonicalJson(wanted as never)) return []
  const sqls: string[] = []
  if (qualified(was.sequence) !== name) {
    sqls.push(`ALTER SEQUENCE ${qualified(was.sequence)} RENAME TO ${ident(wanted.sequence.at(-1) ?? '')}`)
  }
  const settings = sequenceSettings(wanted, 'SET ')
  if (was.kind !== wanted.kind) sqls.push(`${alter} SET GENERATED ${wanted.kind.toUpperCase()}`)
  const moved = withinBounds(name, was, wanted)
  if (moved !== undefined) sqls.push(moved)
  if (sequenceSettings(was, 'SET ') !== settings) sqls.push(`${alter} ${settings}`)
  return [
    ...sqls.map(sql => ({ sql })),
    ...grantChanges(`SEQUENCE ${name}`, grantsIn(was.grants), grantsIn(wanted.grants)),
  ]
}

/** A new sequence goes on behind the values that are there. */
export function continueFrom(
  name: string,
  sequence: SchemaObject | undefined,
  column: SchemaObject,
): RenderedStatement {
  const start = identityOf(column)?.start ?? text(sequence ?? column, 'start') ?? '1'
  const increment = identityOf(column)?.increment ?? text(sequence ?? column, 'increment') ?? '1'
  const id = ident(lastName(column))
  const next = increment.startsWith('-')
    ? `least(min(${id}) ${increment}, ${start})`
    : `greatest(max(${id}) + ${increment}, ${start})`
  return {
    sql: `SELECT pg_catalog.setval(${literal(name)}, coalesce(${next}, ${start}), false) FROM ${ownerName(column)}`,
  }
}
