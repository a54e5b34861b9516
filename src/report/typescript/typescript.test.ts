import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { duckdbTypescript } from '../../dialect/duckdb/typescript-type.ts'
import { mysqlTypescript } from '../../dialect/mysql/typescript-type.ts'
import { postgresTypescript } from '../../dialect/postgres/typescript-type.ts'
import { sqliteTypescript } from '../../dialect/sqlite/typescript-type.ts'
import { objectKey, type SchemaObject } from '../../schema/model/object.ts'
import { makeSnapshot } from '../../schema/model/snapshot.ts'
import { pascalCase, typeNames } from './name.ts'
import { typesText } from './text.ts'

const made = { get: () => undefined, nameOf: () => 'Mood' }

describe('typescriptType', () => {
  const mood: SchemaObject = {
    kind: 'enum',
    key: 'enum:public.mood',
    path: [],
    parent: null,
    depends: [],
    properties: {},
  }
  const domain: SchemaObject = { ...mood, kind: 'domain', key: 'domain:public.age', properties: { type: 'integer' } }
  const own = { get: (key: string) => [mood, domain].find(object => object.key === key), nameOf: () => 'Mood' }

  it.each([
    ['bigint', 'string'],
    ['integer', 'number'],
    ['numeric(10,2)', 'string'],
    ['numeric(10,2)[]', '(number | null)[]'],
    ['timestamp(3) with time zone', 'Date'],
    ['interval day to second(3)', expect.stringContaining('milliseconds')],
    ['jsonb', 'unknown'],
    ['jsonb[]', 'unknown[]'],
    ['text[]', '(string | null)[]'],
    ['bytea', 'Uint8Array'],
    ['tsvector[]', 'string'],
    ['public.mood', 'Mood'],
    ['public.mood[]', 'string'],
    ['public.age', 'number'],
  ])('gives for %s of pg %s', (type, expected) => {
    expect(postgresTypescript.typescriptType(type, own)).toEqual(expected)
  })

  it.each([
    ['bigint(20)', 'number | string'],
    ['int(11) unsigned', 'number'],
    ['tinyint(1)', 'number'],
    ['decimal(10,2)', 'string'],
    ['datetime(3)', 'string'],
    ['varbinary(16)', 'Uint8Array'],
    ['json', 'unknown'],
    ["enum('a','it''s','x,y')", "'a' | 'it\\'s' | 'x,y'"],
    ["set('a','b')", 'string'],
  ])('gives for %s of mysql2 %s', (type, expected) => {
    expect(mysqlTypescript.typescriptType(type, made)).toBe(expected)
  })

  it.each([
    ['BIGINT', 'number'],
    ['VARCHAR(20)', 'string'],
    ['BLOB', 'Uint8Array'],
    ['', 'number | bigint | string | Uint8Array'],
    ['DOUBLE PRECISION', 'number'],
    ['DECIMAL(10,2)', 'number'],
    ['DATETIME', 'number | string'],
    ['JSON', 'number | string'],
  ])('gives for "%s" of SQLite %s', (type, expected) => {
    expect(sqliteTypescript.typescriptType(type, made)).toBe(expected)
  })

  it.each([
    ['BIGINT', 'number | bigint'],
    ['INTEGER[]', '(number | null)[]'],
    ['DECIMAL(18,3)[3][]', '((string | null)[] | null)[]'],
    [
      "STRUCT(a INTEGER, \"b c\" VARCHAR, d ENUM('x', 'y, z'))",
      "{ 'a': number | null; 'b c': string | null; 'd': 'x' | 'y, z' | null }",
    ],
    ['MAP(VARCHAR, INTEGER[])', '[string, (number | null)[] | null][]'],
    ['UNION(a INTEGER)', 'unknown'],
  ])('gives for %s of DuckDB %s', (type, expected) => {
    expect(duckdbTypescript.typescriptType(type, made)).toBe(expected)
  })
})

describe('typeNames', () => {
  const named = (...path: string[]): SchemaObject => ({
    kind: 'table',
    key: objectKey('table', path),
    path,
    parent: null,
    depends: [],
    properties: {},
  })

  it.each([
    [['order_items'], 'OrderItems'],
    [['ORDER_ITEMS'], 'OrderItems'],
    [['orderItems'], 'OrderItems'],
    [['2fa codes'], '_2faCodes'],
    [['straße'], 'Straße'],
    [['🎉'], '_'],
  ])('makes %s to %s', (path, expected) => {
    expect(pascalCase(path)).toBe(expected)
  })

  it('gives each name once and hides no type of the language', () => {
    const objects = [
      ['public', 'user'],
      ['audit', 'user'],
      ['public', 'new_user'],
      ['public', 'date'],
      ['public', 'a b'],
      ['public', 'a_b'],
    ].map(path => named(...path))
    const names = typeNames(objects)
    const all = objects.flatMap(({ key }) => [names.of(key), names.ofNew(key)])
    expect(all).toEqual(
      [
        'PublicUser',
        'NewPublicUser',
        'AuditUser',
        'NewAuditUser',
        'NewUser',
        'NewNewUser',
        'DateRow',
        'NewDateRow',
      ].concat(['PublicAB', 'NewPublicAB', 'PublicABRow', 'NewPublicABRow']),
    )
  })

  it('keeps an insert apart from a table of that name', () => {
    const [user, other] = [named('user'), named('new_user')]
    const names = typeNames([user, other])
    expect([names.of(user.key), names.ofNew(user.key), names.of(other.key)]).toEqual(['User', 'NewUserRow', 'NewUser'])
  })
})

describe('typesText', () => {
  const part = (
    kind: string,
    path: string[],
    properties: SchemaObject['properties'],
    more: Partial<SchemaObject> = {},
  ): SchemaObject => ({
    kind,
    key: objectKey(kind, path),
    path,
    parent: kind === 'column' || kind === 'constraint' ? objectKey('table', path.slice(0, 2)) : null,
    depends: [],
    properties,
    ...more,
  })
  const column = (name: string, position: number, properties: SchemaObject['properties'], depends: string[] = []) =>
    part('column', ['public', 'person', name], properties, { position, depends })
  const snapshot = makeSnapshot('x', [
    part('enum', ['public', 'mood'], { values: ['sad', "it's", 'a\nb'] }),
    part('domain', ['public', 'email'], { type: 'text', notNull: true, default: "''::text" }),
    part('table', ['public', 'person'], { comment: 'People */ who count.\nAll of them.' }),
    column('id', 1, { type: 'bigint', notNull: true, identity: 'always' }),
    column('mood', 2, { type: 'public.mood', notNull: true, comment: 'How it goes' }, ['enum:public.mood']),
    column('full name', 3, { type: 'text' }),
    column('mail', 4, { type: 'public.email' }, ['domain:public.email']),
    column('size', 5, { type: 'integer', generated: { kind: 'stored', expression: '1' } }),
    column('seen', 6, { type: 'timestamp with time zone', notNull: true, default: 'now()' }),
    column('extra', 7, { type: 'jsonb' }),
    part('table', ['public', 'empty'], {}),
    part('view', ['public', 'people'], { columns: [{ name: 'id', type: 'bigint' }] }),
    part('view', ['public', 'counted'], {}, { columns: [{ name: 'n', type: 'bigint', notNull: true }] }),
  ])
  const text = typesText({ snapshot, typescript: postgresTypescript, header: ['One', 'two\nthree'] })

  it('writes tables, inserts, views and enums', () => {
    expect(text).toBe(`// One
// two
// three

export type Mood = 'sad' | 'it\\'s' | 'a\\nb'

export type Empty = Record<string, never>

/** A row for an insert into public.empty. */
export type NewEmpty = Record<string, never>

/**
 * People *\\/ who count.
 * All of them.
 */
export interface Person {
  id: string
  /** How it goes */
  mood: Mood
  'full name': string | null
  mail: string
  size: number | null
  seen: Date
  extra: unknown
}

/** A row for an insert into public.person. */
export interface NewPerson {
  /** How it goes */
  mood: Mood
  'full name'?: string | null
  mail?: string
  seen?: Date
  extra?: unknown
}

export interface Counted {
  n: string
}

export interface People {
  id: string | null
}
`)
  })

  it('compiles under strict', () => {
    const folder = mkdtempSync(join(tmpdir(), 'godwit-types-'))
    try {
      const file = join(folder, 'types.ts')
      const duck = "STRUCT(a INTEGER, \"b c\" MAP(VARCHAR, ENUM('x', 'y')))[]"
      const other = makeSnapshot('x', [
        part('table', ['main', 't'], {}),
        part('column', ['main', 't', 'c'], { type: duck }),
      ])
      const more = typesText({ snapshot: other, typescript: duckdbTypescript, header: ['Two'] })
      const use =
        'const t: T = { c: [{ a: 1, "b c": [["k", "x"]] }, null] }\nconst p: NewPerson = { mood: "sad" }\nexport const all = [t, p]\n'
      writeFileSync(file, `${text}\n${more}\n${use}`)
      const program = ts.createProgram([file], {
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        target: ts.ScriptTarget.ES2023,
        types: [],
      })
      const found = ts
        .getPreEmitDiagnostics(program)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      expect(found).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('writes a module for an empty schema', () => {
    const empty = typesText({ snapshot: makeSnapshot('x', []), typescript: sqliteTypescript, header: ['One'] })
    expect(empty).toBe('// One\n\nexport {}\n')
  })
})
