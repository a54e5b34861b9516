// Enums, domains, composite and range types. What ALTER TYPE cannot do is done by a new type under the old name, to
// which every column is converted with its values.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext, Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import { canonicalJson } from '../../../schema/model/snapshot.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { literal } from '../journal.ts'
import { constraintClause } from './constraint.ts'
import { flag, type KindRenderer, list, statements, text, type Tools } from './kind.ts'
import { ident, qualified } from './name.ts'
import { swapType } from './type-swap.ts'

export interface Attribute {
  readonly name: string
  readonly type: string
  readonly collation?: string
}

export const attributesOf = (type: SchemaObject): readonly Attribute[] =>
  (type.properties['attributes'] as unknown as readonly Attribute[] | undefined) ?? []

export const enumKind: KindRenderer = {
  noun: type => `TYPE ${qualified(type.path)}`,
  grantNoun: type => `TYPE ${qualified(type.path)}`,
  usual: ['USAGE'],
  create: type =>
    statements(`CREATE TYPE ${qualified(type.path)} AS ENUM (${list(type, 'values').map(literal).join(', ')})`),
  drop: type => statements(`DROP TYPE ${qualified(type.path)}`),
  alter(change, context, tools) {
    const added = addedValues(list(change.before, 'values'), list(change.after, 'values'))
    if (added === undefined) return swapType(change, context, tools)
    const name = qualified(change.after.path)
    // A new value cannot be used before its transaction has ended (manual, ALTER TYPE).
    return {
      statements: added.map(({ value, place }) => ({
        sql: `ALTER TYPE ${name} ADD VALUE ${literal(value)}${place}`,
        ...(isUsed(value, change.after, context) ? { alone: true } : {}),
      })),
    }
  },
}

/** Undefined when values are gone or stand in another order. */
export function addedValues(
  before: readonly string[],
  after: readonly string[],
): { value: string; place: string }[] | undefined {
  const kept = after.filter(value => before.includes(value))
  if (kept.length !== before.length || kept.some((value, index) => value !== before[index])) return undefined
  const added: { value: string; place: string }[] = []
  after.forEach((value, index) => {
    if (before.includes(value)) return
    const next = after.slice(index + 1).find(other => before.includes(other))
    const previous = after[index - 1]
    const place =
      next === undefined ? '' : previous === undefined ? ` BEFORE ${literal(next)}` : ` AFTER ${literal(previous)}`
    added.push({ value, place })
  })
  return added
}

/** A statement of the same plan mentions the value. */
function isUsed(value: string, type: SchemaObject, { before, after }: RenderContext): boolean {
  const words = JSON.stringify(`${literal(value)}::${qualified(type.path)}`).slice(1, -1)
  return after.snapshot.objects.some(object => {
    if (object.key === type.key) return false
    const own = JSON.stringify(object.properties)
    return own.includes(words) && own !== JSON.stringify(before.get(object.key)?.properties)
  })
}

export const domainKind: KindRenderer = {
  noun: domain => `DOMAIN ${qualified(domain.path)}`,
  grantNoun: domain => `DOMAIN ${qualified(domain.path)}`,
  usual: ['USAGE'],
  create(domain, context, tools) {
    const constraints = context.after
      .children(domain.key, 'constraint')
      .filter(part => !context.separate.has(part.key) && !flag(part, 'unvalidated'))
    const collation = text(domain, 'collation')
    const value = text(domain, 'default')
    const parts = [
      `CREATE DOMAIN ${qualified(domain.path)} AS ${text(domain, 'type')}`,
      collation === undefined ? '' : ` COLLATE ${collation}`,
      value === undefined ? '' : ` DEFAULT ${value}`,
      flag(domain, 'notNull') ? ' NOT NULL' : '',
      ...constraints.map(part => ` ${constraintClause(part)}`),
    ]
    return {
      statements: [{ sql: parts.join('') }, ...constraints.flatMap(part => tools.extras(part, context))],
      includes: constraints.map(part => part.key),
    }
  },
  drop: (domain, { before, separate }) => ({
    statements: [{ sql: `DROP DOMAIN ${qualified(domain.path)}` }],
    includes: before
      .children(domain.key)
      .map(part => part.key)
      .filter(key => !separate.has(key)),
  }),
  alter(change, context, tools) {
    const differs = (name: string): boolean => change.changed.includes(name)
    if (differs('type') || differs('collation')) return swapType(change, context, tools)
    const alter = `ALTER DOMAIN ${qualified(change.after.path)}`
    const value = text(change.after, 'default')
    return statements(
      differs('default') && (value === undefined ? `${alter} DROP DEFAULT` : `${alter} SET DEFAULT ${value}`),
      differs('notNull') && `${alter} ${flag(change.after, 'notNull') ? 'SET' : 'DROP'} NOT NULL`,
    )
  },
}

export const compositeKind: KindRenderer = {
  noun: type => `TYPE ${qualified(type.path)}`,
  grantNoun: type => `TYPE ${qualified(type.path)}`,
  usual: ['USAGE'],
  create: type => ({
    statements: [
      {
        sql: `CREATE TYPE ${qualified(type.path)} AS (${attributesOf(type).map(attribute).join(', ')})`,
      },
      ...attributeComments(type, {}),
    ],
  }),
  drop: type => statements(`DROP TYPE ${qualified(type.path)}`),
  alter(change, context, tools) {
    const { before, after } = change
    if (!change.changed.includes('attributes')) return { statements: attributeComments(after, commentsOf(before)) }
    const inPlace = attributeChanges(change, context)
    if (inPlace === undefined) return swapType(change, context, tools)
    return { statements: [...inPlace.map(sql => ({ sql })), ...attributeComments(after, commentsOf(before))] }
  },
}

const attribute = ({ name, type, collation }: Attribute): string =>
  `${ident(name)} ${type}${collation === undefined ? '' : ` COLLATE ${collation}`}`

const commentsOf = (type: SchemaObject): Readonly<Record<string, string>> =>
  (type.properties['columnComments'] as Record<string, string> | undefined) ?? {}

function attributeComments(type: SchemaObject, before: Readonly<Record<string, string>>): RenderedStatement[] {
  const wanted = commentsOf(type)
  const names = new Set([...Object.keys(before), ...Object.keys(wanted)])
  return [...names]
    .filter(name => before[name] !== wanted[name] && attributesOf(type).some(one => one.name === name))
    .map(name => ({
      sql: `COMMENT ON COLUMN ${qualified([...type.path, name])} IS ${literal(wanted[name] ?? null)}`,
    }))
}

/** Undefined when ALTER TYPE refuses: another order, or another type while a column uses it. */
function attributeChanges({ before, after }: Alteration, context: RenderContext): string[] | undefined {
  const [was, wanted] = [attributesOf(before), attributesOf(after)]
  const kept = was.filter(one => wanted.some(other => other.name === one.name)).map(one => one.name)
  if (wanted.slice(0, kept.length).some((one, index) => one.name !== kept[index])) return undefined
  const alter = `ALTER TYPE ${qualified(after.path)}`
  const changed = wanted.filter(one => {
    const old = was.find(other => other.name === one.name)
    return old !== undefined && canonicalJson(old as never) !== canonicalJson(one as never)
  })
  const isHeld = context.before.dependents(before.key).some(({ kind }) => kind === 'column' || kind === 'domain')
  if (changed.length > 0 && isHeld) return undefined
  return [
    ...was.filter(one => !kept.includes(one.name)).map(one => `${alter} DROP ATTRIBUTE ${ident(one.name)} CASCADE`),
    ...changed.map(
      one =>
        `${alter} ALTER ATTRIBUTE ${ident(one.name)} TYPE ${one.type}${one.collation === undefined ? '' : ` COLLATE ${one.collation}`} CASCADE`,
    ),
    ...wanted.filter(one => !kept.includes(one.name)).map(one => `${alter} ADD ATTRIBUTE ${attribute(one)} CASCADE`),
  ]
}

export const rangeKind: KindRenderer = {
  noun: type => `TYPE ${qualified(type.path)}`,
  grantNoun: type => `TYPE ${qualified(type.path)}`,
  usual: ['USAGE'],
  create(type) {
    const multirange = text(type, 'multirange')
    const parts = [
      `SUBTYPE = ${text(type, 'subtype')}`,
      text(type, 'operatorClass') && `SUBTYPE_OPCLASS = ${text(type, 'operatorClass')}`,
      text(type, 'collation') && `COLLATION = ${text(type, 'collation')}`,
      text(type, 'canonical') && `CANONICAL = ${text(type, 'canonical')}`,
      text(type, 'difference') && `SUBTYPE_DIFF = ${text(type, 'difference')}`,
      multirange && `MULTIRANGE_TYPE_NAME = ${qualified([type.path[0] ?? '', multirange])}`,
    ].filter(part => typeof part === 'string')
    return statements(`CREATE TYPE ${qualified(type.path)} AS RANGE (${parts.join(', ')})`)
  },
  drop: type => statements(`DROP TYPE ${qualified(type.path)}`),
  alter: (change, context, tools: Tools): Rendered | 'recreate' => swapType(change, context, tools),
}
