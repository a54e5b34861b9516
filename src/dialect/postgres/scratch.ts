// A throw-away empty database beside the configured one: same server, same encoding and locale.
import { randomBytes } from 'node:crypto'
import type { Dialect, Scratch } from '../dialect.ts'
import { literal } from './journal.ts'

/** Creates `godwit_scratch_<random>`. @throws whatever `main` says, as a GodwitError: the user needs CREATEDB */
export async function serverScratch(main: Dialect, dialectFor: (database: string) => Dialect): Promise<Scratch> {
  const name = `godwit_scratch_${randomBytes(6).toString('hex')}`
  const session = await main.open({ purpose: 'run' })
  try {
    const [facts] = ((await session.sql?.query(
      'SELECT pg_encoding_to_char(encoding) AS encoding, datcollate, datctype FROM pg_database WHERE datname = current_database()',
    )) ?? []) as { encoding: string; datcollate: string; datctype: string }[]
    const locale =
      facts === undefined
        ? ''
        : ` ENCODING ${literal(facts.encoding)} LC_COLLATE ${literal(facts.datcollate)} LC_CTYPE ${literal(facts.datctype)}`
    await session.sql?.query(`CREATE DATABASE ${name} TEMPLATE template0${locale}`)
  } catch (error) {
    throw main.mapError(error)
  } finally {
    await session.close()
  }
  return { dialect: dialectFor(name), dispose: () => drop(main, name) }
}

async function drop(main: Dialect, name: string): Promise<void> {
  const session = await main.open({ purpose: 'run' }).catch(() => undefined)
  if (session === undefined) return
  try {
    await session.sql?.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  } catch {
    // Servers before 13 do not know FORCE; there the connections must have ended already.
    await session.sql?.query(`DROP DATABASE IF EXISTS ${name}`).catch(() => {})
  } finally {
    await session.close()
  }
}
