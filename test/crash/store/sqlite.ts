// SQLite: with a write-ahead log and with a rollback journal, which write different files.
import { chooseDriver } from '../../../src/dialect/sqlite/driver/choose.ts'
import { sqlite, type SqliteSettings } from '../../../src/dialect/sqlite/index.ts'
import type { SqlSession } from '../../../src/dialect/session.ts'
import type { Build } from '../build.ts'
import { histories, scenarios } from '../history/sqlite.ts'
import { fileStore } from './file.ts'
import type { CrashStore } from './store.ts'

export async function sqliteStore(build: Build): Promise<CrashStore> {
  const { name } = await chooseDriver()
  const settings = (variant: string | undefined): Omit<SqliteSettings, 'url'> => ({
    driver: name,
    journalMode: variant === 'delete' ? 'delete' : 'wal',
  })
  return fileStore(
    {
      name: 'sqlite',
      histories,
      scenarios,
      driver: name,
      besides: ['-wal', '-shm', '-journal'],
      settings: ({ variant }) => ({ ...settings(variant) }),
      dialect: (url, { variant }) => sqlite({ url, ...settings(variant) }),
      async look(dialect) {
        const session = await dialect.open({ purpose: 'read' })
        try {
          return await sightOf(session.sql as SqlSession)
        } finally {
          await session.close()
        }
      },
    },
    build,
  )
}

async function sightOf(sql: SqlSession): Promise<{ schema: string[]; data: string[] }> {
  const objects = await sql.query<{ type: string; name: string; sql: string | null }>(
    "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name NOT LIKE 'godwit%' AND name NOT LIKE 'sqlite_stat%'",
  )
  const checks = ['user_version', 'integrity_check', 'foreign_key_check', 'application_id']
  const schema = objects.map(({ type, name, sql: text }) => `${type} ${name} ${text ?? ''}`)
  for (const check of checks) {
    for (const row of await sql.query(`PRAGMA ${check}`)) schema.push(`${check}: ${JSON.stringify(row)}`)
  }
  const data: string[] = []
  for (const { type, name } of objects) {
    if (type !== 'table') continue
    for (const row of await sql.query(`SELECT * FROM "${name}"`)) data.push(`${name} ${shown(row)}`)
  }
  return { schema: schema.sort(), data: data.sort() }
}

const shown = (row: unknown): string =>
  JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
