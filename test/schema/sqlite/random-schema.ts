// Random schemas of SQLite as SQL, over few names, so that two of them have much in common and differ in many ways.
import fc from 'fast-check'

const TABLES = ['a', 'B', 'order', 'long name'] as const
const COLUMNS = ['id', 'x', 'Y', 'select', 'z z'] as const

const quoted = (name: string): string => `"${name}"`

interface Column {
  readonly name: string
  readonly type: string
  readonly notNull: boolean
  readonly value: string | undefined
  readonly collation: string | undefined
  readonly unique: boolean
  readonly check: boolean
  readonly refers: string | undefined
  readonly generated: 'STORED' | 'VIRTUAL' | undefined
}

interface Table {
  readonly name: string
  readonly columns: readonly Column[]
  readonly key: 'none' | 'rowid' | 'counter' | 'text' | 'pair'
  readonly strict: boolean
  readonly withoutRowid: boolean
  readonly tableCheck: boolean
  readonly indexes: readonly { readonly unique: boolean; readonly expression: boolean; readonly partial: boolean }[]
  readonly triggerInto: string | undefined
}

export interface RandomSchema {
  readonly tables: readonly Table[]
  readonly views: readonly { readonly name: string; readonly of: string; readonly trigger: boolean }[]
  readonly spelling: boolean
}

const column: fc.Arbitrary<Column> = fc.record({
  name: fc.constantFrom(...COLUMNS),
  type: fc.constantFrom('INTEGER', 'TEXT', 'REAL', 'BLOB', 'ANY'),
  notNull: fc.boolean(),
  value: fc.constantFrom(undefined, undefined, '7', "'t'", '-1.5', '(1 + 2)', 'CURRENT_TIMESTAMP'),
  collation: fc.constantFrom(undefined, undefined, 'NOCASE'),
  unique: fc.integer({ max: 9, min: 0 }).map(n => n === 0),
  check: fc.integer({ max: 5, min: 0 }).map(n => n === 0),
  refers: fc.constantFrom(undefined, undefined, undefined, ...TABLES),
  generated: fc.constantFrom(undefined, undefined, undefined, 'STORED' as const, 'VIRTUAL' as const),
})

const table = (name: string): fc.Arbitrary<Table> =>
  fc.record({
    name: fc.constant(name),
    columns: fc.uniqueArray(column, { selector: one => one.name, minLength: 1, maxLength: 5 }),
    key: fc.constantFrom('none', 'rowid', 'counter', 'text', 'pair'),
    strict: fc.boolean(),
    withoutRowid: fc.boolean(),
    tableCheck: fc.boolean(),
    indexes: fc.array(fc.record({ unique: fc.constant(false), expression: fc.boolean(), partial: fc.boolean() }), {
      maxLength: 2,
    }),
    triggerInto: fc.constantFrom(undefined, ...TABLES),
  })

export const randomSchema: fc.Arbitrary<RandomSchema> = fc.subarray([...TABLES], { minLength: 1 }).chain(names =>
  fc.record({
    tables: fc.tuple(...names.map(table)),
    views: fc.uniqueArray(
      fc.record({ name: fc.constantFrom('v', 'W'), of: fc.constantFrom('v', 'W', ...names), trigger: fc.boolean() }),
      { selector: view => view.name, maxLength: 2 },
    ),
    spelling: fc.boolean(),
  }),
)

export function sqlOf({ tables, views, spelling }: RandomSchema): string[] {
  const have = new Set(tables.map(({ name }) => name))
  // A foreign key to a table without a single key makes every check of foreign keys fail.
  const keyed = new Set(tables.filter(({ key }) => ['rowid', 'counter', 'text'].includes(key)).map(({ name }) => name))
  const sql = tables.map(one => tableSql(one, spelling, keyed))
  for (const one of tables) {
    one.indexes.forEach((index, nth) => sql.push(indexSql(one, index, nth)))
    if (one.triggerInto !== undefined && have.has(one.triggerInto)) {
      const into = quoted(one.triggerInto)
      sql.push(
        `CREATE TRIGGER ${quoted(`t ${one.name}`)} AFTER DELETE ON ${quoted(one.name)} BEGIN DELETE FROM ${into} WHERE 0; END`,
      )
    }
  }
  // A view of a view stands behind it.
  const made = new Set<string>(have)
  for (const view of [...views].sort((x, y) => Number(have.has(y.of)) - Number(have.has(x.of)))) {
    if (!made.has(view.of)) continue
    made.add(view.name)
    sql.push(`CREATE VIEW ${quoted(view.name)} AS SELECT * FROM ${quoted(view.of)}`)
    if (view.trigger) {
      sql.push(`CREATE TRIGGER ${quoted(`t ${view.name}`)} INSTEAD OF INSERT ON ${view.name} BEGIN SELECT 1; END`)
    }
  }
  return sql
}

const plainOf = ({ columns }: Table): readonly Column[] => {
  const plain = columns.filter((one, nth) => nth === 0 || !one.generated)
  return plain
}

function tableSql(one: Table, spelling: boolean, keyed: ReadonlySet<string>): string {
  const parts: string[] = []
  const [first] = plainOf(one) as [Column]
  const plain = plainOf(one).length
  const withoutRowid = one.withoutRowid && (one.key === 'text' || one.key === 'pair')
  one.columns.forEach((col, nth) => {
    const isRowid = nth === 0 && (one.key === 'rowid' || one.key === 'counter')
    const name = spelling && /^\w+$/.test(col.name) && col.name !== 'select' ? `[${col.name}]` : quoted(col.name)
    const isGenerated = nth > 0 && col.generated !== undefined
    const type = isRowid
      ? 'INTEGER'
      : one.strict
        ? isGenerated
          ? 'ANY'
          : col.type
        : col.type === 'ANY'
          ? ''
          : col.type
    const words = [name, type]
    if (isRowid) words.push(`PRIMARY KEY${one.key === 'counter' ? ' AUTOINCREMENT' : ''}`)
    if (nth > 0 && col.generated) words.push(`AS (${quoted(first.name)} || 'g') ${col.generated}`)
    else if (!isRowid) {
      if (col.notNull && col.value !== undefined) words.push('NOT NULL')
      if (col.value !== undefined && fits(col, one.strict)) words.push(`DEFAULT ${col.value}`)
      else if (col.notNull && col.value !== undefined) words.push(`DEFAULT ${fallback[col.type as 'TEXT'] ?? "''"}`)
      if (col.unique) words.push('UNIQUE')
      if (col.refers !== undefined && keyed.has(col.refers))
        words.push(`REFERENCES ${quoted(col.refers)} ON DELETE CASCADE`)
    }
    if (col.collation !== undefined) words.push(`COLLATE ${col.collation}`)
    if (col.check && !col.generated) words.push(`CHECK (${quoted(col.name)} <> 'never')`)
    parts.push(words.join(spelling ? '  ' : ' '))
  })
  if (one.key === 'text') parts.push(`PRIMARY KEY (${quoted(first.name)})`)
  if (one.key === 'pair') {
    const second = plainOf(one)[1] ?? first
    parts.push(
      `CONSTRAINT ${quoted('the key')} PRIMARY KEY (${quoted(first.name)}${plain > 1 ? `, ${quoted(second.name)} DESC` : ''})`,
    )
  }
  if (one.tableCheck) parts.push(`CHECK (${quoted(one.name)}.${quoted(first.name)} IS NOT 'never')`)
  const options = [...(one.strict ? ['STRICT'] : []), ...(withoutRowid ? ['WITHOUT ROWID'] : [])].join(', ')
  return `CREATE TABLE ${quoted(one.name)} (${parts.join(spelling ? ', -- next\n' : ', ')})${options ? ` ${options}` : ''}`
}

const fallback = { INTEGER: '0', TEXT: "''", REAL: '0.5', BLOB: "x'00'" } as const

/** A default that a STRICT column takes. */
const fits = ({ type, value }: Column, strict: boolean): boolean => {
  if (!strict || type === 'ANY') return true
  if (type === 'TEXT') return true
  if (type === 'BLOB') return false
  return type === 'REAL' ? /^[-\d(]/.test(value ?? '') : /^[\d(]/.test(value ?? '')
}

function indexSql(one: Table, index: Table['indexes'][number], nth: number): string {
  const [first] = plainOf(one) as [Column]
  const name = quoted(first.name)
  const on = index.expression
    ? `lower(${name}) DESC`
    : `${name} COLLATE NOCASE, ${quoted((plainOf(one).at(-1) as Column).name)} DESC`
  return `CREATE INDEX ${quoted(`i ${one.name} ${nth}`)} ON ${quoted(one.name)} (${on})${index.partial ? ` WHERE ${name} IS NOT NULL` : ''}`
}

/** Three rows for each table, with values that fit everywhere they can. */
export function rowsOf({ tables }: RandomSchema): string[] {
  return tables.flatMap(one => {
    const plain = one.columns.filter((col, nth) => nth === 0 || !col.generated)
    return [1, 2, 3].map(n => {
      const values = plain.map((col, nth) =>
        valueFor(col, nth === 0 && (one.key === 'rowid' || one.key === 'counter'), n),
      )
      return `INSERT OR IGNORE INTO ${quoted(one.name)} (${plain.map(col => quoted(col.name)).join(', ')}) VALUES (${values.join(', ')})`
    })
  })
}

function valueFor(col: Column, isRowid: boolean, n: number): string {
  if (isRowid) return String(n * 10)
  if (col.type === 'BLOB') return `x'0${n}'`
  if (col.type === 'REAL') return `${n}.25`
  return String(n)
}
