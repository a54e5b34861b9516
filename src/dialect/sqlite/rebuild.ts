// What a rebuild of a table (create, copy, drop, rename: https://sqlite.org/lang_altertable.html, section 7) can lose
// without a word: child rows, indexes, triggers, views, and foreign keys that follow a renamed table. Lost rows and
// references that follow a name of the revision's own are refused; lost definitions are told, because the twelve
// steps say "perhaps with changes": a revision may mean to leave one out.
import { GodwitError } from '../../core/error.ts'
import { dropped, renamedTable } from './classify.ts'
import type { SqliteConnection } from './driver/driver.ts'
import {
  countRows,
  enforcement,
  reaching,
  type Reference,
  references,
  refuseCascade,
  refuseLostRows,
} from './foreign-key.ts'
import { newToken, readToken } from './lex.ts'
import { locate, quotedTable, schemas, shown, type TableName } from './schema-name.ts'

export interface Rebuilds {
  /** Runs one statement; around DROP TABLE child rows are counted. @throws GodwitError RUN.FOREIGN_KEY_BROKEN */
  around<Result>(sql: string, execute: () => Result): Result
  /**
   * What the transaction lost besides rows, one sentence each. To be called before its commit.
   * @throws GodwitError RUN.FOREIGN_KEY_BROKEN for a foreign key to a name that was there only for the rebuild
   */
  lost(): string[]
  /** The transaction is over. */
  forget(): void
}

interface Definition extends TableName {
  readonly type: 'index' | 'trigger' | 'view'
  readonly name: string
  readonly sql: string
}

interface Snapshot {
  readonly tables: ReadonlySet<string>
  readonly definitions: readonly Definition[]
  readonly dangling: ReadonlySet<string>
  readonly broken: ReadonlySet<string>
}

export function rebuilds(connection: SqliteConnection): Rebuilds {
  let before: Snapshot | undefined
  /** Tables that were dropped or given another name, and what was dropped by its own DROP. */
  let gone = new Set<string>()
  let explicit = new Set<string>()
  let drops = false

  const remember = (): void => {
    // Outside a transaction nothing can be taken back or told later.
    if (connection.inTransaction) before ??= snapshot(connection)
  }

  const dropTable = <Result>(table: TableName, execute: () => Result): Result => {
    remember()
    drops = true
    gone.add(key(table))
    const reach = reaching(references(connection, table.schema), table.table)
    if (reach.length === 0) return execute()
    if (enforcement(connection)) refuseCascade(connection, table, reach)
    const counts = countRows(connection, table.schema, reach)
    const result = execute()
    refuseLostRows(table, counts, countRows(connection, table.schema, reach))
    return result
  }

  return {
    around(sql, execute) {
      const drop = dropped(sql)
      if (drop !== undefined) {
        if (drop.type !== 'table') {
          explicit.add(`${drop.type} ${drop.table.toLowerCase()}`)
          return execute()
        }
        const table = locate(connection, drop)
        return table === undefined ? execute() : dropTable(table, execute)
      }
      const renamed = renamedTable(sql)
      const table = renamed && locate(connection, renamed)
      if (table !== undefined) {
        remember()
        gone.add(key(table))
      }
      return execute()
    },
    lost() {
      if (before === undefined || !drops) return []
      const now = snapshot(connection)
      return [
        ...lostReferences(before, now, gone),
        ...lostDefinitions(before, now, explicit),
        ...[...now.broken].filter(view => !before?.broken.has(view)).map(brokenView),
      ]
    },
    forget() {
      before = undefined
      gone = new Set()
      explicit = new Set()
      drops = false
    },
  }
}

function snapshot(connection: SqliteConnection): Snapshot {
  const tables = new Set<string>()
  const definitions: Definition[] = []
  const broken = new Set<string>()
  const all: (Reference & { readonly schema: string })[] = []
  for (const schema of schemas(connection)) {
    const rows = connection.all(`SELECT type, name, tbl_name, sql FROM "${schema.replaceAll('"', '""')}".sqlite_schema`)
    for (const row of rows) {
      const [type, name, table] = [String(row['type']), String(row['name']), String(row['tbl_name'])]
      if (type === 'table') tables.add(key({ schema, table: name }))
      // The indexes behind UNIQUE and PRIMARY KEY have no text; they come with the table.
      else if (typeof row['sql'] === 'string')
        definitions.push({ type: type as Definition['type'], name, schema, table, sql: row['sql'] })
      if (type === 'view' && !reads(connection, { schema, table: name })) broken.add(shown({ schema, table: name }))
    }
    for (const reference of references(connection, schema)) all.push({ ...reference, schema })
  }
  const dangling = all
    .filter(({ schema, parent }) => !tables.has(key({ schema, table: parent })))
    .map(({ schema, child, parent }) => JSON.stringify([schema, child, parent]))
  return { tables, definitions, dangling: new Set(dangling), broken }
}

/** A view is compiled, not run: one that names something missing fails. */
function reads(connection: SqliteConnection, view: TableName): boolean {
  try {
    connection.compile(`SELECT * FROM ${quotedTable(view)}`)
    return true
  } catch {
    return false
  }
}

function lostReferences(before: Snapshot, now: Snapshot, gone: ReadonlySet<string>): string[] {
  const told: string[] = []
  for (const entry of now.dangling) {
    if (before.dangling.has(entry)) continue
    const [schema, child, parent] = JSON.parse(entry) as [string, string, string]
    const name = key({ schema, table: parent })
    // A table that is made later may be referred to now.
    if (!gone.has(name)) continue
    const [from, to] = [shown({ schema, table: child }), shown({ schema, table: parent })]
    const fact = `the foreign key of ${from} refers to ${to}, which does not exist: no row of ${from} could be written`
    if (before.tables.has(name)) {
      told.push(`${fact} until ${to} is made again`)
      continue
    }
    throw new GodwitError('RUN.FOREIGN_KEY_BROKEN', fact, {
      why:
        `Foreign keys follow a table that is renamed, and ${to} is a name of this revision only. ` +
        'It was rolled back',
      next: ['make the new table under another name, copy, drop the old table, and rename the new one last'],
      meta: { table: from, parent: to },
    })
  }
  return told
}

function lostDefinitions(before: Snapshot, now: Snapshot, explicit: ReadonlySet<string>): string[] {
  const known = new Set(before.definitions.map(identity))
  const names = new Set(now.definitions.map(identity))
  const made = new Set(now.definitions.filter(one => !known.has(identity(one))).map(meaning))
  return before.definitions
    .filter(one => one.type !== 'view' && now.tables.has(key(one)))
    .filter(one => !names.has(identity(one)) && !made.has(meaning(one)))
    .filter(one => !explicit.has(`${one.type} ${one.name.toLowerCase()}`))
    .map(one => {
      const table = shown(one)
      return `${one.type} ${one.name} went with the old ${table} and was not made again; it was: ${oneLine(one.sql)}`
    })
}

const brokenView = (view: string): string =>
  `view ${view} names something that this revision dropped: it cannot be read`

const key = ({ schema, table }: TableName): string => `${schema}.${table}`.toLowerCase()
const identity = ({ type, schema, name }: Definition): string => `${type} ${schema}.${name}`.toLowerCase()

/** The text without its own name, blanks, comments and quotes: the same index or trigger under another name. */
function meaning(one: Definition): string {
  const words: string[] = []
  const token = newToken()
  for (let at = 0; ; at = token.end) {
    readToken(one.sql, at, token)
    if (token.kind === 'end' || token.kind === 'open') break
    const word = one.sql.slice(token.start, token.end).toLowerCase()
    words.push(token.kind === 'name' ? word.slice(1, -1) : word)
  }
  const at = words.indexOf(one.name.toLowerCase())
  return JSON.stringify(words.filter((_, index) => index !== at))
}

function oneLine(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim()
  return line.length > 120 ? `${line.slice(0, 119)}…` : line
}
