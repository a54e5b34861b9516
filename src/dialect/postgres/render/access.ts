// Comments, grants and owners, which are written alike for every kind of object.
import type { RenderContext, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { Json, SchemaObject } from '../../../schema/model/object.ts'
import { literal } from '../journal.ts'
import { ident, role } from './name.ts'

export type Grants = Readonly<Record<string, readonly string[]>>

export const grantsIn = (value: Json | undefined): Grants => (value ?? {}) as unknown as Grants

export function commentOn(noun: string, comment: Json | undefined): RenderedStatement {
  return { sql: `COMMENT ON ${noun} IS ${typeof comment === 'string' ? literal(comment) : 'NULL'}` }
}

/** GRANT and REVOKE that lead from one list to the other; absent PUBLIC means what is usual. `columns`: ` (a)`. */
export function grantChanges(
  noun: string,
  before: Grants,
  after: Grants,
  usual: readonly string[] = [],
  columns = '',
): RenderedStatement[] {
  const was: Grants = { public: usual, ...before }
  const wanted: Grants = { public: usual, ...after }
  const revokes: RenderedStatement[] = []
  const grants: RenderedStatement[] = []
  const phrase = (names: readonly string[]): string => names.map(name => `${name}${columns}`).join(', ')
  for (const grantee of [...new Set([...Object.keys(was), ...Object.keys(wanted)])].sort()) {
    const old = was[grantee] ?? []
    const next = wanted[grantee] ?? []
    const bare = (list: readonly string[]): Set<string> => new Set(list.map(name => name.replace('*', '')))
    const gone = [...bare(old)].filter(name => !bare(next).has(name))
    const weaker = old
      .filter(name => name.endsWith('*') && next.includes(name.slice(0, -1)))
      .map(name => name.slice(0, -1))
    const plain = next.filter(name => !name.endsWith('*') && !bare(old).has(name))
    const strong = next.filter(name => name.endsWith('*') && !old.includes(name)).map(name => name.slice(0, -1))
    const to = role(grantee)
    if (gone.length > 0) revokes.push({ sql: `REVOKE ${phrase(gone)} ON ${noun} FROM ${to}` })
    if (weaker.length > 0) revokes.push({ sql: `REVOKE GRANT OPTION FOR ${phrase(weaker)} ON ${noun} FROM ${to}` })
    if (plain.length > 0) grants.push({ sql: `GRANT ${phrase(plain)} ON ${noun} TO ${to}` })
    if (strong.length > 0) grants.push({ sql: `GRANT ${phrase(strong)} ON ${noun} TO ${to} WITH GRANT OPTION` })
  }
  return [...revokes, ...grants]
}

const OBJECTS: Readonly<Record<string, string>> = {
  table: 'tables',
  'foreign table': 'tables',
  view: 'tables',
  'materialized view': 'tables',
  sequence: 'sequences',
  function: 'functions',
  procedure: 'functions',
  aggregate: 'functions',
  enum: 'types',
  domain: 'types',
  'composite type': 'types',
  'range type': 'types',
  schema: 'schemas',
}

/**
 * What a new object of this kind is given by default privileges that are in force while the statements run: it has to
 * be taken away again where it is not wanted. They hold for one role only, so what is wanted is granted all the same.
 */
export function givenByDefault(object: SchemaObject, context: RenderContext): Grants {
  const objects = OBJECTS[object.kind]
  const given: Record<string, readonly string[]> = {}
  for (const candidate of context.before.snapshot.objects) {
    if (candidate.kind !== 'default privileges' || candidate.properties['objects'] !== objects) continue
    const schema = candidate.properties['schema']
    if (typeof schema === 'string' && schema !== object.path[0]) continue
    for (const [grantee, list] of Object.entries(grantsIn(candidate.properties['grants']))) {
      given[grantee] = [...new Set([...(given[grantee] ?? []), ...list])]
    }
  }
  return given
}

/** Grants of a new object. */
export function newGrants(
  noun: string,
  object: SchemaObject,
  usual: readonly string[],
  context: RenderContext,
): RenderedStatement[] {
  const wanted = grantsIn(object.properties['grants'])
  const given = givenByDefault(object, context)
  const extra = Object.entries(given).flatMap(([grantee, names]) => {
    const next = new Set((wanted[grantee] ?? (grantee === 'public' ? usual : [])).map(name => name.replace('*', '')))
    const gone = names.map(name => name.replace('*', '')).filter(name => !next.has(name))
    return gone.length === 0 ? [] : [{ sql: `REVOKE ${gone.join(', ')} ON ${noun} FROM ${role(grantee)}` }]
  })
  // Default privileges may take away what everybody usually has.
  const again =
    'public' in given && !('public' in wanted) && usual.length > 0
      ? [{ sql: `GRANT ${usual.join(', ')} ON ${noun} TO PUBLIC` }]
      : []
  return [...extra, ...again, ...grantChanges(noun, {}, wanted, usual)]
}

export const ownerOf = (noun: string, owner: Json | undefined): RenderedStatement[] =>
  typeof owner === 'string' ? [{ sql: `ALTER ${noun} OWNER TO ${ident(owner)}` }] : []
