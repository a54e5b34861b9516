// Changes of PostgreSQL objects as SQL, one object at a time. Rows are kept: only what holds no data of its own is ever
// dropped to be made again. The caller runs the statements with check_function_bodies off, because the text of a
// function may name what is made after it.
import type { Alteration } from '../../schema/change/change.ts'
import type { RenderContext, Rendered, RenderedStatement, Renderer } from '../../schema/change/renderer.ts'
import type { SchemaObject } from '../../schema/model/object.ts'
import { commentOn, grantChanges, grantsIn, newGrants, ownerOf } from './render/access.ts'
import { breaks } from './render/break.ts'
import { columnKind } from './render/column.ts'
import { constraintKind, indexKind } from './render/constraint.ts'
import {
  defaultPrivilegesKind,
  eventTriggerKind,
  extensionKind,
  publicationKind,
  serverKind,
  userMappingKind,
  wrapperKind,
} from './render/database-object.ts'
import { identityOf } from './render/identity.ts'
import { type KindRenderer, statements, text, type Tools } from './render/kind.ts'
import { ident, lastName, qualified } from './render/name.ts'
import { materializedViewKind, schemaKind, sequenceKind, viewKind } from './render/relation.ts'
import { aggregateKind, functionKind, procedureKind } from './render/routine.ts'
import {
  castKind,
  collationKind,
  configurationKind,
  dictionaryKind,
  operatorClassKind,
  operatorKind,
} from './render/schema-object.ts'
import { tableKind } from './render/table.ts'
import { policyKind, ruleKind, statisticsKind, triggerKind } from './render/table-part.ts'
import { compositeKind, domainKind, enumKind, rangeKind } from './render/type.ts'

const kinds: Readonly<Record<string, KindRenderer>> = {
  schema: schemaKind,
  extension: extensionKind,
  collation: collationKind,
  enum: enumKind,
  domain: domainKind,
  'composite type': compositeKind,
  'range type': rangeKind,
  sequence: sequenceKind,
  function: functionKind,
  procedure: procedureKind,
  aggregate: aggregateKind,
  operator: operatorKind,
  'operator class': operatorClassKind,
  cast: castKind,
  'text search dictionary': dictionaryKind,
  'text search configuration': configurationKind,
  'foreign data wrapper': wrapperKind,
  server: serverKind,
  'user mapping': userMappingKind,
  table: tableKind,
  'foreign table': tableKind,
  column: columnKind,
  constraint: constraintKind,
  index: indexKind,
  statistics: statisticsKind,
  view: viewKind,
  'materialized view': materializedViewKind,
  rule: ruleKind,
  trigger: triggerKind,
  policy: policyKind,
  'event trigger': eventTriggerKind,
  publication: publicationKind,
  'default privileges': defaultPrivilegesKind,
}

/** Made in this order where nothing else decides: foreign keys and views see every table, grants see everything. */
const RANK: ReadonlyMap<string, number> = new Map(Object.keys(kinds).map((kind, index) => [kind, index]))

const kindOf = (object: SchemaObject): KindRenderer => {
  const kind = kinds[object.kind]
  if (kind === undefined) throw new TypeError(`no renderer for ${object.kind}`)
  return kind
}

const tools: Tools = {
  extras(object, context) {
    const kind = kindOf(object)
    const { comment, owner } = object.properties
    const noun = kind.noun(object)
    return [
      ...(kind.grantNoun === undefined ? [] : newGrants(kind.grantNoun(object), object, kind.usual ?? [], context)),
      ...(typeof comment === 'string' ? [commentOn(noun, comment)] : []),
      ...ownerOf(noun, owner),
    ]
  },
  create,
}

/** Kinds that write the extras of the object themselves, because they come in the middle of their statements. */
const SELF: ReadonlySet<string> = new Set(['table', 'foreign table', 'column', 'constraint', 'index'])

function create(object: SchemaObject, context: RenderContext): Rendered {
  const rendered = kindOf(object).create(object, context, tools)
  const own = SELF.has(object.kind) ? [] : tools.extras(object, context)
  return mended({ ...rendered, statements: [...rendered.statements, ...own] })
}

function alter(change: Alteration, context: RenderContext): Rendered | 'recreate' {
  const { before, after, changed } = change
  const kind = kindOf(after)
  const apart =
    after.kind === 'column' || after.kind === 'default privileges'
      ? ['comment', 'owner']
      : ['comment', 'owner', 'grants']
  const rest = changed.filter(name => !apart.includes(name))
  const rendered = rest.length === 0 ? { statements: [] } : kind.alter({ ...change, changed: rest }, context, tools)
  if (rendered === 'recreate') return rendered
  const noun = kind.noun(after)
  const own: RenderedStatement[] = []
  if (changed.includes('grants') && kind.grantNoun !== undefined && apart.includes('grants')) {
    const [was, wanted] = [grantsIn(before.properties['grants']), grantsIn(after.properties['grants'])]
    const usual = after.kind === 'schema' && after.path[0] === 'public' ? ['USAGE'] : kind.usual
    own.push(...grantChanges(kind.grantNoun(after), was, wanted, usual))
  }
  if (changed.includes('comment')) own.push(commentOn(noun, after.properties['comment']))
  if (changed.includes('owner')) own.push(...ownerOf(noun, after.properties['owner']))
  return mended({ ...rendered, statements: [...rendered.statements, ...own] })
}

/**
 * `x IN ('a', 'b')` on a varchar is deparsed with a cast of the whole array, which, read again, becomes a cast of each
 * element. Without the cast the server finds the same expression as the first time.
 */
const VARCHAR_LIST =
  /\b(ANY|ALL) \(\((ARRAY\[(?:'(?:[^']|'')*'::character varying(?:\(\d+\))?(?:, )?)+\])\)::text\[\]\)/g

function mended(rendered: Rendered): Rendered {
  return {
    ...rendered,
    statements: rendered.statements.map(one =>
      one.sql.includes('::text[])') ? { ...one, sql: one.sql.replace(VARCHAR_LIST, '$1 ($2)') } : one,
    ),
  }
}

function rename(before: SchemaObject, after: SchemaObject, context: RenderContext): Rendered {
  const kind = kindOf(before)
  if (kind.rename) return kind.rename(before, after, context)
  const moved = before.path.length > 1 && before.path[0] !== after.path[0]
  const schema = ident(after.path[0] ?? '')
  const last = ident(lastName(after).replace(/\(.*\)$/s, ''))
  const noun = kind.noun(before)
  const there = moved ? kind.noun({ ...before, path: [after.path[0] ?? '', ...before.path.slice(1)] }) : noun
  return statements(
    moved && `ALTER ${noun} SET SCHEMA ${schema}`,
    lastName(before) !== lastName(after) && `ALTER ${there} RENAME TO ${last}`,
  )
}

function claims(object: SchemaObject): readonly string[] {
  const { kind, path } = object
  const [schema = '', name = ''] = path
  const relation = (own: string): string => `relation:${qualified([schema, own])}`
  switch (kind) {
    case 'table':
    case 'foreign table':
    case 'view':
    case 'materialized view':
      return [relation(name), `type:${qualified(path)}`]
    case 'sequence':
      return [relation(name)]
    case 'index':
      return [relation(lastName(object)), ...(object.properties['unique'] === true ? uniqueClaim(object) : [])]
    case 'constraint':
      return ['primary key', 'unique', 'exclusion'].includes(text(object, 'type') ?? '')
        ? [relation(lastName(object)), `constraint:${qualified(path)}`, ...uniqueClaim(object)]
        : [`constraint:${qualified(path)}`, ...uniqueClaim(object)]
    case 'column': {
      const identity = identityOf(object)
      return identity === undefined ? [] : [`relation:${qualified(identity.sequence)}`]
    }
    case 'composite type':
      return [relation(name), `type:${qualified(path)}`]
    case 'enum':
    case 'domain':
    case 'range type':
      return [`type:${qualified(path)}`]
    case 'function':
    case 'procedure':
    case 'aggregate':
      return [`routine:${qualified(path)}`]
    default:
      return []
  }
}

/** A foreign key takes hold of whichever unique index on its columns it finds: one that goes must be gone by then. */
function uniqueClaim(part: SchemaObject): string[] {
  const definition = text(part, 'definition') ?? ''
  const foreign = / REFERENCES (.+?)\(([^)]*)\)/.exec(definition)
  const own = /^(?:PRIMARY KEY|UNIQUE(?: NULLS NOT DISTINCT)?|btree) \(([^()]*)\)/.exec(definition)
  const columns = (foreign?.[2] ?? own?.[1])?.split(', ').sort().join()
  if (columns === undefined) return []
  return [`unique:${foreign?.[1] ?? qualified(part.path.slice(0, 2))}(${columns})`]
}

export const postgresRenderer: Renderer = {
  ordered: new Set(),
  create,
  drop: (object, context) => kindOf(object).drop(object, context),
  alter,
  rename,
  breaks,
  claims,
  rank: object => (RANK.get(object.kind) ?? 0) + (text(object, 'type') === 'foreign key' ? 0.5 : 0),
}
