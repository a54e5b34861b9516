// SQLite for the pairs of schemas: the sqlite3 shell as the plain client, with enforcement of foreign keys on.
import { sqlite } from '../../../src/dialect/sqlite/index.ts'
import { scriptText } from '../../../src/cli/view/diff.ts'
import { freshSqlite } from '../../servers/databases.ts'
import { clientUnavailable, loadComparer } from '../plain-client.ts'
import type { Counts, DiffStore, Failure, Target } from './store.ts'

interface SqliteTarget extends Target {
  readonly connection: { readonly dialect: 'sqlite'; readonly file: string }
}

async function shell(
  target: Target,
  sql: string,
  options: readonly string[] = [],
): Promise<Failure | { readonly out: string }> {
  const { sh, sqliteCommand } = await loadComparer()
  const [command, ...args] = sqliteCommand() as [string, ...string[]]
  const done = await sh(command, [...args, '-bail', ...options, (target as SqliteTarget).connection.file], {
    input: sql,
  })
  if (done.code === 0) return { out: done.stdout }
  const message = (done.stderr || done.stdout).trim()
  return { message, isData: /constraint failed|cannot store|datatype mismatch/i.test(message) }
}

async function run(target: Target, sql: string): Promise<Failure | undefined> {
  const done = await shell(target, sql)
  return 'message' in done ? done : undefined
}

async function rows(target: Target, sql: string): Promise<Record<string, unknown>[]> {
  const done = await shell(target, sql, ['-json'])
  if ('message' in done) throw new Error(done.message)
  return done.out.trim() === '' ? [] : (JSON.parse(done.out) as Record<string, unknown>[])
}

const quoted = (name: unknown): string => `"${String(name).replaceAll('"', '""')}"`

async function tables(target: Target): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  const list = await rows(
    target,
    `SELECT l.name AS t, x.name AS c FROM pragma_table_list l JOIN pragma_table_xinfo(l.name) x
      WHERE l.schema = 'main' AND l.type IN ('table', 'virtual') AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND x.hidden = 0`,
  )
  for (const { t, c } of list) found.set(String(t), [...(found.get(String(t)) ?? []), String(c)])
  return found
}

export const store: DiffStore = {
  dialect: 'sqlite',
  unavailable: () => clientUnavailable('sqlite'),
  async fresh() {
    const { url, file, dispose } = await freshSqlite()
    const target: SqliteTarget = { dialect: sqlite({ url }), connection: { dialect: 'sqlite', file }, dispose }

    return target
  },
  load: run,
  async fill(target) {
    for (const [table, columns] of await tables(target)) {
      const insert = (value: string) =>
        `INSERT INTO ${quoted(table)} (${columns.map(quoted).join(', ')}) VALUES (${columns.map(() => value).join(', ')});`
      for (const value of ['1', "'1'", "'2020-01-01'"]) {
        if ((await run(target, insert(value))) === undefined) break
      }
    }
  },
  async counts(target): Promise<Counts> {
    const found = new Map<string, number>()
    for (const [table, columns] of await tables(target)) {
      const list = columns.map((name, index) => `, count(${quoted(name)}) AS c${index}`).join('')
      const [row] = await rows(target, `SELECT count(*) AS n${list} FROM ${quoted(table)};`)
      found.set(table, Number(row?.['n']))
      columns.forEach((name, index) => found.set(`${table}.${name}`, Number(row?.[`c${index}`])))
    }
    return found
  },
  apply: (target, statements) => run(target, `PRAGMA foreign_keys = ON;\n${scriptText(target.dialect, statements)}`),
}
