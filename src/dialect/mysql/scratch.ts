// A throw-away database on the same server, with the character set and collation of the configured one.
// The user needs the privilege CREATE on `godwit\_scratch\_%`; without it: RUN.PERMISSION_DENIED.
import { randomBytes } from 'node:crypto'
import type { Session } from '../session.ts'
import { quoteName } from './journal.ts'

/** Creates the database and returns its name. */
export async function createScratch(session: Session): Promise<string> {
  const name = `godwit_scratch_${randomBytes(6).toString('hex')}`
  const rows = await session.sql?.query<{ charset: string; collation: string }>(
    'SELECT @@character_set_database AS charset, @@collation_database AS collation',
  )
  const { charset = 'utf8mb4', collation } = rows?.[0] ?? {}
  const collate = collation === undefined ? '' : ` COLLATE ${collation}`
  await session.sql?.run([
    { kind: 'statement', sql: `CREATE DATABASE ${quoteName(name)} CHARACTER SET ${charset}${collate}` },
  ])
  return name
}

export async function dropScratch(session: Session, name: string): Promise<void> {
  await session.sql?.run([{ kind: 'statement', sql: `DROP DATABASE IF EXISTS ${quoteName(name)}` }])
}
