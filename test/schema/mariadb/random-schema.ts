// Random schemas as data, and the SQL that makes them: tables with columns of many kinds, keys, checks, computed columns,
// foreign keys, partitions, views and triggers. Names come from few, so that two schemas have much in common.
import fc from 'fast-check'

interface Column {
  readonly name: string
  readonly type: string
  readonly isNotNull: boolean
  readonly value: string | undefined
  readonly extra: string
}

interface Table {
  readonly name: string
  readonly key: 'none' | 'id' | 'auto' | 'id and first'
  readonly columns: readonly Column[]
  readonly computed: 'none' | 'virtual' | 'stored'
  readonly indexes: readonly { readonly name: string; readonly on: readonly number[]; readonly kind: string }[]
  readonly checks: readonly { readonly name: string; readonly at: number; readonly limit: number }[]
  readonly tail: string
  readonly partition: string
  readonly isReversed: boolean
}

export interface RandomSchema {
  readonly tables: readonly Table[]
  readonly references: readonly { readonly from: number; readonly to: number; readonly rule: string }[]
  readonly views: readonly { readonly of: number; readonly filter: boolean }[]
  readonly triggers: readonly { readonly of: number; readonly moment: string; readonly count: number }[]
}

/** Types whose values fit each other badly enough to be worth it, each with a default. */
const TYPES: readonly (readonly [string, string])[] = [
  ['int', '1'],
  ['int unsigned', '7'],
  ['bigint', '2'],
  ['smallint', '3'],
  ['decimal(10,2)', '1.50'],
  ['varchar(20)', "'a'"],
  ['varchar(60)', "'it''s'"],
  ['varchar(60) character set latin1', "'b'"],
  ['char(5) collate utf8mb4_bin', "'c'"],
  ['text', "'long'"],
  ["enum('x','y')", "'y'"],
  ["enum('y','x','z')", "'z'"],
  ['datetime', 'current_timestamp'],
  ['datetime(3)', "'2020-01-01 00:00:00'"],
  ['date', "'2020-02-02'"],
  ['double', '1.5'],
  ['json', "'[]'"],
  ['binary(4)', "'abcd'"],
]

const column = (name: string): fc.Arbitrary<Column> =>
  fc
    .record({
      type: fc.integer({ min: 0, max: TYPES.length - 1 }),
      isNotNull: fc.boolean(),
      hasDefault: fc.boolean(),
      extra: fc.constantFrom('', '', '', " COMMENT 'of it''s \\\\ own'", ' INVISIBLE'),
    })
    .map(({ type, isNotNull, hasDefault, extra }) => {
      const [words, value] = TYPES[type] as readonly [string, string]
      // An invisible column needs a value of its own.
      const isHidden = extra === ' INVISIBLE'
      return { name, type: words, isNotNull, value: hasDefault || isHidden ? value : undefined, extra }
    })

const table = (name: string): fc.Arbitrary<Table> =>
  fc.record({
    name: fc.constant(name),
    key: fc.constantFrom('none', 'id', 'auto', 'id and first'),
    columns: fc
      .shuffledSubarray(['a', 'b', 'C', 'd e', 'f'], { minLength: 1 })
      .chain(names => fc.tuple(...names.map(column))),
    computed: fc.constantFrom('none', 'none', 'virtual', 'stored'),
    indexes: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('i', 'J', 'k'),
        on: fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 2 }),
        kind: fc.constantFrom('KEY', 'KEY', 'UNIQUE KEY', 'IGNORED'),
      }),
      { maxLength: 2, selector: index => index.name.toLowerCase() },
    ),
    checks: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('c1', 'c2'),
        at: fc.integer({ min: 0, max: 4 }),
        limit: fc.integer({ min: 1, max: 2 }),
      }),
      { maxLength: 1, selector: check => check.name },
    ),
    tail: fc.constantFrom(
      '',
      '',
      " COMMENT='c'",
      ' DEFAULT CHARSET=latin1',
      ' ROW_FORMAT=COMPRESSED',
      ' WITH SYSTEM VERSIONING',
    ),
    partition: fc.constantFrom('', '', '', 'hash 2', 'hash 4', 'range 10', 'range 10,20'),
    isReversed: fc.boolean(),
  })

export const randomSchema: fc.Arbitrary<RandomSchema> = fc.record({
  tables: fc.shuffledSubarray(['t1', 'T2', 't 3'], { minLength: 1 }).chain(names => fc.tuple(...names.map(table))),
  references: fc.uniqueArray(
    fc.record({
      from: fc.integer({ min: 0, max: 2 }),
      to: fc.integer({ min: 0, max: 2 }),
      rule: fc.constantFrom('', ' ON DELETE CASCADE', ' ON DELETE SET NULL'),
    }),
    { maxLength: 2, selector: ({ from, to }) => `${from} ${to}` },
  ),
  views: fc.uniqueArray(fc.record({ of: fc.integer({ min: 0, max: 2 }), filter: fc.boolean() }), {
    maxLength: 2,
    selector: view => view.of,
  }),
  triggers: fc.uniqueArray(
    fc.record({
      of: fc.integer({ min: 0, max: 2 }),
      moment: fc.constantFrom('BEFORE INSERT', 'AFTER UPDATE'),
      count: fc.integer({ min: 1, max: 2 }),
    }),
    { maxLength: 2, selector: ({ of, moment }) => `${of} ${moment}` },
  ),
})

const q = (name: string): string => `\`${name}\``

/** Long texts can be indexed by their beginning only. */
const part = ({ name, type }: Column): string => (/^(?:text|json)/.test(type) ? `${q(name)}(10)` : q(name))

/** Statements that make it in an empty database. */
export function sqlOf({ tables, references, views, triggers }: RandomSchema): string[] {
  const sqls: string[] = ['SET SESSION foreign_key_checks = 0']
  const isReferring = (index: number) => references.some(({ from, to }) => from === index || to === index)
  tables.forEach((one, index) => sqls.push(tableSql(one, isReferring(index))))
  references.forEach(({ from, to, rule }) => {
    const [child, parent] = [tables[from], tables[to]]
    if (!child || !parent || !isPlain(child) || !isPlain(parent)) return
    const name = `r_${child.name.replace(' ', '_')}_${parent.name.replace(' ', '_')}`
    sqls.push(
      `ALTER TABLE ${q(child.name)} ADD COLUMN ref_${to} bigint, ADD CONSTRAINT ${name} FOREIGN KEY (ref_${to}) REFERENCES ${q(parent.name)} (id)${rule}`,
    )
  })
  views.forEach(({ of, filter }, index) => {
    const one = tables[of]
    if (!one) return
    const [first] = one.columns
    sqls.push(
      `CREATE VIEW v${of} AS SELECT ${q(first?.name ?? '')} AS x FROM ${q(one.name)}${filter ? ` WHERE ${q(first?.name ?? '')} IS NOT NULL` : ''}`,
    )
    if (index === 1) sqls.push(`CREATE VIEW a_last AS SELECT x, ${of} AS y FROM v${of}`)
  })
  triggers.forEach(({ of, moment, count }) => {
    const one = tables[of]
    if (!one) return
    for (let at = count; at > 0; at--) {
      const name = `tr${at}_${of}_${moment.replace(' ', '_')}`
      sqls.push(
        `CREATE TRIGGER ${name} ${moment} ON ${q(one.name)} FOR EACH ROW BEGIN SET @x = ${at}; SET @y = NEW.${q(one.columns[0]?.name ?? '')}; END`,
      )
    }
  })
  return [...sqls, 'SET SESSION foreign_key_checks = 1']
}

/** Neither partitioned nor without the column that is referred to. */
const isPlain = (one: Table): boolean =>
  one.key !== 'none' && one.key !== 'id and first' && !one.tail.includes('VERSIONING')

function tableSql(one: Table, isReferring: boolean): string {
  const id = one.key === 'auto' ? 'id bigint NOT NULL AUTO_INCREMENT' : 'id bigint NOT NULL'
  const columns = one.columns.map(
    ({ name, type, isNotNull, value, extra }) =>
      `${q(name)} ${type}${isNotNull ? ' NOT NULL' : ''}${value === undefined ? '' : ` DEFAULT ${value}`}${extra}`,
  )
  const lines = one.isReversed ? [...columns, id] : [id, ...columns]
  if (one.computed !== 'none') {
    // MariaDB computes nothing from AUTO_INCREMENT.
    const source = one.key === 'auto' ? "length('x')" : 'id'
    lines.splice(1, 0, `g bigint AS (${source} + ${one.columns.length}) ${one.computed}`)
    lines.push(`KEY on_g (g)`)
  }
  const [first] = one.columns
  const isParted = one.partition !== '' && !isReferring && !one.tail.includes('VERSIONING')
  if (one.key === 'id' || one.key === 'auto') lines.push('PRIMARY KEY (id)')
  if (one.key === 'id and first' && first) lines.push(`PRIMARY KEY (id, ${part(first)})`)
  for (const { name, on, kind } of one.indexes) {
    const parts = on.flatMap(at => one.columns[at] ?? []).map(part)
    if (parts.length === 0) continue
    // A unique key of a partitioned table holds the columns of the partitioning.
    const isUnique = kind === 'UNIQUE KEY' && !isParted
    lines.push(`${isUnique ? kind : 'KEY'} ${name} (${parts.join(', ')})${kind === 'IGNORED' ? ' IGNORED' : ''}`)
  }
  for (const { name, at, limit } of one.checks) {
    const column = one.columns[at]
    if (column) lines.push(`CONSTRAINT ${name} CHECK (${q(column.name)} IS NOT NULL OR 2 > ${limit})`)
  }
  return `CREATE TABLE ${q(one.name)} (${lines.join(', ')})${one.tail}${isParted ? partitionSql(one.partition) : ''}`
}

function partitionSql(partition: string): string {
  const [kind, words = ''] = partition.split(' ')
  if (kind === 'hash') return ` PARTITION BY HASH (id) PARTITIONS ${words}`
  const parts = words.split(',').map(limit => `PARTITION p${limit} VALUES LESS THAN (${limit})`)
  return ` PARTITION BY RANGE (id) (${parts.join(', ')})`
}
