import { describe, expect, it } from 'vitest'
import { objectKey, type SchemaObject } from '../../schema/model/object.ts'
import { makeSnapshot } from '../../schema/model/snapshot.ts'
import { readReference } from '../table.ts'
import { mermaidText } from './mermaid.ts'
import { drawingOf } from './model.ts'
import { svgText } from './svg.ts'

type Columns = Readonly<Record<string, SchemaObject['properties']>>

function table(
  path: readonly string[],
  columns: Columns,
  constraints: readonly SchemaObject['properties'][] = [],
): SchemaObject[] {
  const key = objectKey('table', path)
  const column = (name: string) => objectKey('column', [...path, name])
  return [
    { kind: 'table', key, path, parent: null, depends: [], properties: {} },
    ...Object.entries(columns).map(
      ([name, properties], at): SchemaObject => ({
        kind: 'column',
        key: column(name),
        path: [...path, name],
        parent: key,
        depends: [],
        position: at + 1,
        properties,
      }),
    ),
    ...constraints.map((properties, at): SchemaObject => {
      const path_ = [...path, `constraint ${at}`]
      const listed = /\(([^)]*)\)/.exec(String(properties['definition']))?.[1]?.split(/[\s,]+/) ?? []
      const depends = listed.map(name => column(name.replaceAll('"', '')))
      return { kind: 'constraint', key: objectKey('constraint', path_), path: path_, parent: key, depends, properties }
    }),
  ]
}

const primary = { type: 'primary key', definition: 'PRIMARY KEY (id)' }
const user = table(['user'], { id: { type: 'integer' }, name: { type: 'text', notNull: true } }, [primary])
const foreign = (definition: string) => ({ type: 'foreign key', definition })

describe('readReference', () => {
  it.each([
    ['FOREIGN KEY (a, b) REFERENCES public."T x"(c, d) ON DELETE CASCADE', ['a', 'b'], ['public', 'T x'], ['c', 'd']],
    ['foreign key ( a b ) references "T" ( c d ) on delete cascade', ['a', 'b'], ['T'], ['c', 'd']],
    ['foreign key ( a ) references "T" on delete cascade', ['a'], ['T'], []],
    ['FOREIGN KEY (`a``b`) REFERENCES `t` (`id`)', ['a`b'], ['t'], ['id']],
    ['FOREIGN KEY (a, PERIOD p) REFERENCES s.t(id, PERIOD p)', ['a', 'p'], ['s', 't'], ['id', 'p']],
  ])('reads %s', (definition, columns, target, targetColumns) => {
    expect(readReference(definition)).toEqual({ columns, table: target, targetColumns })
  })

  it('reads nothing from other constraints', () => {
    expect(readReference('CHECK ((a > 0))')).toBeUndefined()
    expect(readReference('')).toBeUndefined()
  })
})

describe('drawingOf', () => {
  it('finds keys, marks and lines', () => {
    const order = table(
      ['order'],
      { id: { type: 'integer' }, user_id: { type: 'integer', notNull: true }, parent: { type: 'integer' } },
      [
        primary,
        foreign('foreign key ( user_id ) references "USER"'),
        foreign('FOREIGN KEY (parent) REFERENCES "order"(id)'),
      ],
    )
    const { tables, edges } = drawingOf(makeSnapshot('x', [...user, ...order]))
    expect(tables.map(({ name }) => name)).toEqual(['order', 'user'])
    expect(tables[0]?.columns[1]).toEqual({
      name: 'user_id',
      type: 'integer',
      primaryKey: false,
      foreignKey: true,
      unique: false,
      notNull: true,
    })
    expect(edges).toEqual([
      {
        from: 'table:order',
        to: 'table:user',
        fromColumns: ['user_id'],
        toColumns: ['id'],
        optional: false,
        single: false,
      },
      {
        from: 'table:order',
        to: 'table:order',
        fromColumns: ['parent'],
        toColumns: ['id'],
        optional: true,
        single: false,
      },
    ])
  })

  it('tells that at most one row refers to another', () => {
    const detail = table(['detail'], { id: { type: 'integer' } }, [
      primary,
      foreign('FOREIGN KEY (id) REFERENCES "user"(id)'),
    ])
    expect(drawingOf(makeSnapshot('x', [...user, ...detail])).edges[0]).toMatchObject({ single: true, optional: false })
  })

  it('names schemas where there are several, and finds tables in them', () => {
    const objects = [
      ...table(['a', 't'], { id: { type: 'integer' } }, [primary]),
      ...table(['b', 't'], { t_id: { type: 'integer' } }, [foreign('FOREIGN KEY (t_id) REFERENCES a.t(id)')]),
    ]
    const { tables, edges } = drawingOf(makeSnapshot('x', objects))
    expect(tables.map(({ name }) => name)).toEqual(['a.t', 'b.t'])
    expect(edges[0]).toMatchObject({ from: 'table:b.t', to: 'table:a.t' })
  })

  it('leaves out partitions and lines to tables that are not there', () => {
    const [partition, ...columns] = table(['part'], { id: { type: 'integer' } }, [
      foreign('FOREIGN KEY (id) REFERENCES gone(id)'),
    ])
    const lone = table(['lone'], { id: { type: 'integer' } }, [foreign('FOREIGN KEY (id) REFERENCES gone(id)')])
    const part = { ...(partition as SchemaObject), properties: { partitionOf: 'user' } }
    const { tables, edges } = drawingOf(makeSnapshot('x', [part, ...columns, ...lone]))
    expect(tables.map(({ name }) => name)).toEqual(['lone'])
    expect(edges).toEqual([])
  })
})

describe('mermaidText', () => {
  /** What the lexer of Mermaid takes; see packages/mermaid/src/diagrams/er/parser of its repository. */
  const WORD = String.raw`(?!(?:pk|fk|uk)(?!\w))[A-Za-z_\u00C0-\uFFFF][\w\-[\]()\u00C0-\uFFFF]*`
  const LINE = new RegExp(
    String.raw`^(?:erDiagram|  "[^"%\r\n\\]+" \{|  \}|    ${WORD} ${WORD}(?: (?:PK|FK|UK)(?:, (?:PK|FK|UK))*)?(?: "[^"]*")?|  "[^"%\r\n\\]+" (?:\|\||\|o)--(?:o\{|o\|) "[^"%\r\n\\]+" : "[^"%\r\n\\]+")$`,
    'iu',
  )

  it('writes tables, keys and lines', () => {
    const order = table(['order'], { id: { type: 'integer' }, 'user id': { type: 'numeric(10, 2)', notNull: true } }, [
      primary,
      { type: 'foreign key', definition: 'FOREIGN KEY ("user id") REFERENCES "user"(id)' },
    ])
    expect(mermaidText(drawingOf(makeSnapshot('x', [...user, ...order])))).toBe(`erDiagram
  "order" {
    integer id PK
    numeric(10_2) user_id FK "user id, not null"
  }
  "user" {
    integer id PK
    text name "not null"
  }
  "user" ||--o{ "order" : "user id"
`)
  })

  it('stays in the grammar whatever the names are', () => {
    const names = [
      'one',
      'to',
      'a "b" %c\\',
      'direction TB',
      'erDiagram',
      '1',
      'Straße',
      '表',
      '🎉',
      'u-',
      'x\ny',
      'class',
    ]
    const columns = {
      pk: { type: 'uk' },
      'fk-x': { type: '"My Type"[]' },
      '1a': { type: '' },
      '🎉': { type: 'enum(\'a\',"b")' },
      'a"b\n': { type: 'x' },
    }
    const objects = names.flatMap(name => table([name], columns, [foreign('FOREIGN KEY (pk) REFERENCES one(pk)')]))
    const lines = mermaidText(drawingOf(makeSnapshot('x', objects)))
      .trimEnd()
      .split('\n')
    expect(lines.filter(line => !LINE.test(line))).toEqual([])
    expect(lines.filter(line => /direction\s+TB/i.test(line))).toEqual([])
    expect(lines.length).toBeGreaterThan(names.length * 8)
  })

  it('leaves labels and fields out of types', () => {
    const types = [
      "enum('a','b')",
      'STRUCT(a INTEGER, b VARCHAR[])',
      'geometry(Point,4326)',
      'timestamp(6) with time zone',
    ]
    const columns = Object.fromEntries(types.map((type, at) => [`c${at}`, { type }]))
    const lines = mermaidText(drawingOf(makeSnapshot('x', table(['t'], columns))))
      .split('\n')
      .slice(2, -2)
    expect(lines.map(line => line.trim().split(' ')[0])).toEqual([
      'enum',
      'STRUCT',
      'geometry(Point_4326)',
      'timestamp(6)_with_time_zone',
    ])
  })

  it('gives two tables two names', () => {
    const objects = [...table(['a%b'], {}), ...table(['a_b'], {})]
    expect(mermaidText(drawingOf(makeSnapshot('x', objects)))).toBe('erDiagram\n  "a_b" {\n  }\n  "a_b 2" {\n  }\n')
  })
})

describe('svgText', () => {
  it('is one file without anything from elsewhere, for light and dark', () => {
    const name = '<b>&"\u0001'
    const objects = [...user, ...table([name], { [`${'long '.repeat(30)}`]: { type: 'x' } })]
    const text = svgText(drawingOf(makeSnapshot('x', objects)), 'A & B')
    expect(text).toContain('<title>A &amp; B</title>')
    expect(text).toContain('&lt;b&gt;&amp;&quot;\uFFFD')
    expect(text).toContain('prefers-color-scheme:dark')
    expect(text).not.toMatch(/<script|@import|url\(|href/)
    expect(text.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg'])
    expect(text.match(/<g[ >]/g)?.length).toBe(text.match(/<\/g>/g)?.length)
  })

  it('draws an empty schema', () => {
    expect(svgText(drawingOf(makeSnapshot('x', [])), 'Nothing')).toContain('0 tables, 0 foreign keys')
  })
})
