// `lock status` and `lock break`.
import type { EngineDatabase } from './database.ts'
import { checkReadable } from './plan.ts'
import type { LockResult } from './result.ts'
import { withReader } from './status.ts'
import { knownError } from './known-error.ts'

type DatabaseLock = LockResult['databases'][number]

export async function readLock(database: EngineDatabase, signal: AbortSignal): Promise<DatabaseLock> {
  return answer(database, () =>
    withReader(database, signal, async session => {
      const journal = await database.dialect.journal.read(session)
      checkReadable(journal)
      return journal.lease ?? null
    }),
  )
}

/** Takes the lease from its holder, whose next write will be refused. */
export async function breakLock(database: EngineDatabase, signal: AbortSignal): Promise<DatabaseLock> {
  const { dialect } = database
  return answer(database, async () => {
    const session = await dialect.open({ purpose: 'run', signal })
    try {
      const journal = await dialect.journal.read(session)
      checkReadable(journal)
      return journal.initialised ? ((await dialect.locker.break(session)) ?? null) : null
    } finally {
      await session.close()
    }
  })
}

async function answer(database: EngineDatabase, ask: () => Promise<DatabaseLock['lock']>): Promise<DatabaseLock> {
  const { dialect } = database
  const base = { name: database.name, dialect: dialect.name, url: dialect.target }
  try {
    return { ...base, lock: await ask() }
  } catch (cause) {
    return { ...base, lock: null, error: knownError(dialect, cause) }
  }
}
