// Extensions, event triggers, publications, foreign data wrappers, servers, user mappings, default privileges.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderedStatement } from '../../../schema/change/renderer.ts'
import type { Json, SchemaObject } from '../../../schema/model/object.ts'
import { literal } from '../journal.ts'
import { grantsIn } from './access.ts'
import {
  flag,
  foreignOptionChange,
  foreignOptionList,
  type KindRenderer,
  list,
  options,
  statements,
  text,
} from './kind.ts'
import { ident, qualified, role } from './name.ts'

const name = (object: SchemaObject): string => ident(object.path[0] ?? '')

export const extensionKind: KindRenderer = {
  noun: extension => `EXTENSION ${name(extension)}`,
  create: extension =>
    statements(`CREATE EXTENSION ${name(extension)} WITH SCHEMA ${ident(text(extension, 'schema') ?? 'public')}`),
  drop: extension => statements(`DROP EXTENSION ${name(extension)}`),
  alter: ({ after }) =>
    statements(`ALTER EXTENSION ${name(after)} SET SCHEMA ${ident(text(after, 'schema') ?? 'public')}`),
}

function eventState(trigger: SchemaObject): RenderedStatement {
  const state = text(trigger, 'enabled')
  const verb = state === 'disabled' ? 'DISABLE' : state === undefined ? 'ENABLE' : `ENABLE ${state.toUpperCase()}`
  return { sql: `ALTER EVENT TRIGGER ${name(trigger)} ${verb}` }
}

export const eventTriggerKind: KindRenderer = {
  noun: trigger => `EVENT TRIGGER ${name(trigger)}`,
  create(trigger) {
    const tags = list(trigger, 'tags')
    const when = tags.length === 0 ? '' : ` WHEN TAG IN (${tags.map(literal).join(', ')})`
    return {
      statements: [
        {
          sql: `CREATE EVENT TRIGGER ${name(trigger)} ON ${text(trigger, 'event')}${when} EXECUTE FUNCTION ${text(trigger, 'function')}()`,
        },
        ...(text(trigger, 'enabled') === undefined ? [] : [eventState(trigger)]),
      ],
    }
  },
  drop: trigger => statements(`DROP EVENT TRIGGER ${name(trigger)}`),
  alter: ({ after, changed }) => (changed.join() === 'enabled' ? { statements: [eventState(after)] } : 'recreate'),
}

interface Published {
  readonly table: string
  readonly where?: string
  readonly columns?: readonly string[]
}

const published = (publication: SchemaObject): readonly Published[] =>
  (publication.properties['tables'] as unknown as readonly Published[] | undefined) ?? []

function publishedList(publication: SchemaObject): string {
  const tables = published(publication).map(({ table, where, columns }) => {
    const own = columns === undefined ? '' : ` (${columns.map(ident).join(', ')})`
    return `${table}${own}${where === undefined ? '' : ` WHERE (${where})`}`
  })
  const named = tables.length === 0 ? [] : [`TABLE ${tables.join(', ')}`]
  return [...named, ...list(publication, 'schemas').map(schema => `TABLES IN SCHEMA ${ident(schema)}`)].join(', ')
}

function publicationSettings(publication: SchemaObject, all: boolean): string[] {
  const publish = text(publication, 'publish')
  const generated = text(publication, 'generatedColumns')
  return [
    ...(publish !== undefined || all ? [`publish = ${literal(publish ?? 'insert, update, delete, truncate')}`] : []),
    ...(flag(publication, 'viaRoot') || all ? [`publish_via_partition_root = ${flag(publication, 'viaRoot')}`] : []),
    ...(generated === undefined ? [] : [`publish_generated_columns = ${generated}`]),
  ]
}

export const publicationKind: KindRenderer = {
  noun: publication => `PUBLICATION ${name(publication)}`,
  create(publication) {
    const what = flag(publication, 'allTables') ? 'ALL TABLES' : publishedList(publication)
    const own = publicationSettings(publication, false)
    return statements(
      `CREATE PUBLICATION ${name(publication)}${what === '' ? '' : ` FOR ${what}`}${own.length === 0 ? '' : ` WITH (${own.join(', ')})`}`,
    )
  },
  drop: publication => statements(`DROP PUBLICATION ${name(publication)}`),
  alter({ after, changed }) {
    const differs = (property: string): boolean => changed.includes(property)
    const what = publishedList(after)
    if (differs('allTables') || differs('generatedColumns')) return 'recreate'
    if ((differs('tables') || differs('schemas')) && what === '') return 'recreate'
    return statements(
      (differs('tables') || differs('schemas')) && `ALTER PUBLICATION ${name(after)} SET ${what}`,
      (differs('publish') || differs('viaRoot')) &&
        `ALTER PUBLICATION ${name(after)} SET (${publicationSettings(after, true).join(', ')})`,
    )
  },
}

const secretNote = 'the password is not told by the catalog in clear: put the true one in place of ***'

/** Warns where a secret stands as stars. */
const noted = (sql: string): RenderedStatement => (sql.includes("'***'") ? { sql, note: secretNote } : { sql })

function optionsAltered(word: string, change: Alteration): RenderedStatement[] {
  const part = foreignOptionChange(options(change.before, 'foreignOptions'), options(change.after, 'foreignOptions'))
  return part === undefined ? [] : [noted(`ALTER ${word} ${part}`)]
}

export const wrapperKind: KindRenderer = {
  noun: wrapper => `FOREIGN DATA WRAPPER ${name(wrapper)}`,
  grantNoun: wrapper => `FOREIGN DATA WRAPPER ${name(wrapper)}`,
  create: wrapper =>
    statements(
      `CREATE FOREIGN DATA WRAPPER ${name(wrapper)}${functions(wrapper, false)}${foreignOptionList(options(wrapper, 'foreignOptions'))}`,
    ),
  drop: wrapper => statements(`DROP FOREIGN DATA WRAPPER ${name(wrapper)}`),
  alter(change) {
    const { after, changed } = change
    const own = changed.includes('handler') || changed.includes('validator')
    return {
      statements: [
        ...(own ? [{ sql: `ALTER FOREIGN DATA WRAPPER ${name(after)}${functions(after, true)}` }] : []),
        ...optionsAltered(`FOREIGN DATA WRAPPER ${name(after)}`, change),
      ],
    }
  },
}

function functions(wrapper: SchemaObject, all: boolean): string {
  const [handler, validator] = [text(wrapper, 'handler'), text(wrapper, 'validator')]
  const part = (word: string, value: string | undefined): string =>
    value !== undefined ? ` ${word} ${value}` : all ? ` NO ${word}` : ''
  return part('HANDLER', handler) + part('VALIDATOR', validator)
}

export const serverKind: KindRenderer = {
  noun: server => `SERVER ${name(server)}`,
  grantNoun: server => `FOREIGN SERVER ${name(server)}`,
  create(server) {
    const part = (word: string, value: string | undefined): string =>
      value === undefined ? '' : ` ${word} ${literal(value)}`
    return statements(
      `CREATE SERVER ${name(server)}${part('TYPE', text(server, 'type'))}${part('VERSION', text(server, 'version'))} ` +
        `FOREIGN DATA WRAPPER ${ident(text(server, 'wrapper') ?? '')}${foreignOptionList(options(server, 'foreignOptions'))}`,
    )
  },
  drop: server => statements(`DROP SERVER ${name(server)}`),
  alter(change) {
    const { after, changed } = change
    if (changed.includes('wrapper') || changed.includes('type')) return 'recreate'
    const version = text(after, 'version')
    return {
      statements: [
        ...(changed.includes('version')
          ? [{ sql: `ALTER SERVER ${name(after)} VERSION ${literal(version ?? null)}` }]
          : []),
        ...optionsAltered(`SERVER ${name(after)}`, change),
      ],
    }
  },
}

const mapping = (one: SchemaObject): string =>
  `USER MAPPING FOR ${role(one.path[1] ?? 'public')} SERVER ${ident(one.path[0] ?? '')}`

export const userMappingKind: KindRenderer = {
  noun: mapping,
  create: one => ({
    statements: [noted(`CREATE ${mapping(one)}${foreignOptionList(options(one, 'foreignOptions'))}`)],
  }),
  drop: one => statements(`DROP ${mapping(one)}`),
  alter: change => ({ statements: optionsAltered(mapping(change.after), change) }),
}

function defaults(object: SchemaObject, before: Json | undefined, after: Json | undefined): RenderedStatement[] {
  const schema = text(object, 'schema')
  const objects = text(object, 'objects') ?? 'tables'
  const usual = schema !== undefined ? [] : objects === 'functions' ? ['EXECUTE'] : objects === 'types' ? ['USAGE'] : []
  const head = `ALTER DEFAULT PRIVILEGES FOR ROLE ${ident(text(object, 'role') ?? '')}${schema === undefined ? '' : ` IN SCHEMA ${ident(schema)}`}`
  const was = { public: usual, ...grantsIn(before) }
  const wanted = { public: usual, ...grantsIn(after) }
  const on = `ON ${objects.toUpperCase()}`
  const rendered: RenderedStatement[] = []
  for (const grantee of [...new Set([...Object.keys(was), ...Object.keys(wanted)])].sort()) {
    const [old, next] = [was[grantee as 'public'] ?? [], wanted[grantee as 'public'] ?? []]
    const gone = old.filter(one => !next.includes(one)).map(one => one.replace('*', ''))
    const plain = next.filter(one => !old.includes(one) && !one.endsWith('*'))
    const strong = next.filter(one => !old.includes(one) && one.endsWith('*')).map(one => one.slice(0, -1))
    if (gone.length > 0) rendered.push({ sql: `${head} REVOKE ${gone.join(', ')} ${on} FROM ${role(grantee)}` })
    if (plain.length > 0) rendered.push({ sql: `${head} GRANT ${plain.join(', ')} ${on} TO ${role(grantee)}` })
    if (strong.length > 0)
      rendered.push({ sql: `${head} GRANT ${strong.join(', ')} ${on} TO ${role(grantee)} WITH GRANT OPTION` })
  }
  return rendered
}

export const defaultPrivilegesKind: KindRenderer = {
  noun: object => `DEFAULT PRIVILEGES ${qualified(object.path)}`,
  create: object => ({ statements: defaults(object, undefined, object.properties['grants']) }),
  drop: object => ({ statements: defaults(object, object.properties['grants'], undefined) }),
  alter: ({ before, after }) => ({
    statements: defaults(after, before.properties['grants'], after.properties['grants']),
  }),
}
