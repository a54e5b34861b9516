// The door `godwit/mysql`: a dialect value for MySQL and MariaDB through the driver `mysql2`, an optional peer.
// DDL commits by itself on both, so revisions with DDL are journaled statement by statement.
import { GodwitError } from '../../core/error.ts'
import type { Dialect, Scratch } from '../dialect.ts'
import type { Session } from '../session.ts'
import { sqlJournal } from '../sql/journal.ts'
import { blockers } from './blocker.ts'
import { capabilities, lexical } from './capability.ts'
import { errorMapper } from './error.ts'
import { journalSql } from './journal.ts'
import { Lexer } from './lex.ts'
import { leaseLocker } from './lock.ts'
import { recovery } from './recovery.ts'
import { createScratch, dropScratch } from './scratch.ts'
import { openSession } from './session.ts'
import { type MysqlSettings, type ResolvedSettings, resolveSettings } from './settings.ts'
import { Slots } from './slots.ts'
import { split } from './split.ts'

export type { MysqlSettings, MysqlTls } from './settings.ts'

/**
 * A MySQL or MariaDB database.
 *
 * @example
 * defineConfig({ databases: { shop: { dialect: mysql({ url: 'mysql://app:secret@localhost:3306/shop' }) } } })
 * @throws GodwitError CONFIG.URL_INVALID
 */
export function mysql(settings: MysqlSettings): Dialect {
  return makeDialect(resolveSettings(settings))
}

/** The same under its other name: the server says at connection which of the two it is. */
export const mariadb: typeof mysql = mysql

function makeDialect(settings: ResolvedSettings): Dialect {
  const spelling = journalSql(settings.database)
  const mapError = errorMapper(settings)
  const slots = new Slots(settings.poolSize)
  const dialect: Dialect = {
    name: 'mysql',
    capabilities,
    target: settings.target,
    sql: {
      lexical,
      split,
      script: { begin: 'START TRANSACTION', commit: 'COMMIT', terminate },
    },
    operations: undefined,
    journal: sqlJournal(spelling),
    locker: leaseLocker(spelling, settings.database),
    recovery: recovery(settings.database, settings.password ? [settings.password] : []),
    async open(options) {
      const release = await slots.take(settings.connectTimeoutMs)
      try {
        const session = await openSession(settings, options)
        return { ...session, close: () => session.close().finally(release) }
      } catch (error) {
        release()
        if (options.signal?.aborted !== true) throw mapError(error)
        throw new GodwitError('RUN.ABORTED', 'the run was stopped while it connected', { why: 'nothing was changed' })
      }
    },
    mapError,
    blockers: (session, identity) => blockers(session, identity, settings.password ? [settings.password] : []),
    lockTimeoutMs: settings.lockTimeoutMs,
    schema: async () => (await import('./schema.ts')).schemaPart,
    async scratch(): Promise<Scratch> {
      const name = await withSession(dialect, createScratch)
      return {
        dialect: makeDialect({
          ...settings,
          database: name,
          target: settings.target.replace(`/${encodeURIComponent(settings.database)}`, `/${name}`),
        }),
        dispose: () => withSession(dialect, session => dropScratch(session, name)).catch(() => undefined),
      }
    },
  }
  return dialect
}

async function withSession<Result>(dialect: Dialect, work: (session: Session) => Promise<Result>): Promise<Result> {
  const session = await dialect.open({ purpose: 'run' })
  try {
    return await work(session)
  } catch (error) {
    throw dialect.mapError(error)
  } finally {
    await session.close()
  }
}

/** A statement as the command-line client takes it: bodies need a delimiter of their own. */
function terminate(statement: string): string {
  const lexer = new Lexer(statement)
  while (lexer.next() !== 'end' && lexer.kind !== 'delimiter');
  if (lexer.kind === 'end') return `${statement};`
  let delimiter = '//'
  while (statement.includes(delimiter)) delimiter += '/'
  return `DELIMITER ${delimiter}\n${statement}\n${delimiter}\nDELIMITER ;`
}
