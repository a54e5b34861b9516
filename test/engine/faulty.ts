// A store that fails where a test says: a real dialect with a door in front of each call. Whoever stands at the door
// sees the call before it is passed on and after it was answered, and may throw; everything behind it is real.
import { GodwitError } from '../../src/core/error.ts'
import type { Capabilities } from '../../src/dialect/capability.ts'
import type { Dialect, OpenOptions } from '../../src/dialect/dialect.ts'
import type { JournalWrite } from '../../src/dialect/journal.ts'
import type { Recovery } from '../../src/dialect/recovery.ts'
import { BatchFailure, type BatchItem, type Session, type SqlSession } from '../../src/dialect/session.ts'

export interface Call {
  /** `open`, `query`, `item` (one item of a batch), `rollback`, `cancel`, `close`, `acquire`, `renew`, `release`, `read`, `write` … */
  readonly what: string
  readonly purpose: OpenOptions['purpose'] | undefined
  readonly item?: BatchItem
  readonly writes?: readonly JournalWrite[]
  /** Text of the statement or query. */
  readonly sql: string
}

export interface Doors {
  /** Throws: the call is not made; a TypeError reaches the engine as it is. `lost()`: and the connection is gone, what was not committed is undone. */
  before?(call: Call): unknown
  /** Throws: the call was made, and its answer is lost. */
  after?(call: Call): unknown
  readonly capabilities?: Partial<Capabilities>
  /** Instead of the store's own; null: it cannot tell what became of a step. */
  readonly recovery?: Recovery | null
}

/** What a broken connection looks like. */
export const lost = () => new GodwitError('CONNECT.LOST', 'the connection was cut by the test')
const isLost = (error: unknown) => error instanceof GodwitError && error.code === 'CONNECT.LOST'

export function faulty(real: Dialect, doors: Doors): Dialect {
  const through = async <Result>(call: Omit<Call, 'sql'> & { sql?: string }, go: () => Promise<Result>) => {
    const seen: Call = { sql: '', ...call }
    await doors.before?.(seen)
    const result = await go()
    await doors.after?.(seen)
    return result
  }
  const { journal, locker, recovery: own, ...rest } = real
  const recovery = doors.recovery === null ? undefined : (doors.recovery ?? own)
  return {
    ...rest,
    ...(recovery ? { recovery } : {}),
    capabilities: { ...real.capabilities, ...doors.capabilities },
    open: options =>
      through({ what: 'open', purpose: options.purpose }, async () => door(await real.open(options), options, through)),
    journal: {
      ...journal,
      read: session => through({ what: 'read', purpose: undefined }, () => journal.read(session)),
      ensure: session => through({ what: 'ensure', purpose: undefined }, () => journal.ensure(session)),
      write: (session, fence, writes) =>
        through({ what: 'write', purpose: undefined, writes }, () => journal.write(session, fence, writes)),
    },
    locker: {
      acquire: (session, request) =>
        through({ what: 'acquire', purpose: undefined }, () => locker.acquire(session, request)),
      renew: (session, fence, ttlMs) =>
        through({ what: 'renew', purpose: undefined }, () => locker.renew(session, fence, ttlMs)),
      release: (session, fence) =>
        through({ what: 'release', purpose: undefined }, () => locker.release(session, fence)),
      break: session => through({ what: 'break', purpose: undefined }, () => locker.break(session)),
    },
  }
}

type Through = <Result>(call: Omit<Call, 'sql'> & { sql?: string }, go: () => Promise<Result>) => Promise<Result>

function door(session: Session, { purpose }: OpenOptions, through: Through): Session {
  let dead = false
  const { sql } = session
  const guard = async <Result>(call: Omit<Call, 'purpose' | 'sql'> & { sql?: string }, go: () => Promise<Result>) => {
    if (dead) throw lost()
    try {
      return await through({ ...call, purpose }, go)
    } catch (error) {
      if (isLost(error)) await cut()
      throw error
    }
  }
  const cut = async () => {
    dead = true
    await sql?.rollback()
    await session.close()
  }
  const doorToSql = (sql: SqlSession): SqlSession => {
    return {
      query: (text, params) => guard({ what: 'query', sql: text }, () => sql.query(text, params)),
      queryAll: texts => guard({ what: 'query', sql: texts.join(';') }, () => sql.queryAll(texts)),
      async run(items, observer) {
        for (const [index, item] of items.entries()) {
          let rows: number | undefined
          const text = 'sql' in item ? item.sql : ''
          try {
            await guard({ what: 'item', item, sql: text }, () =>
              sql.run([item], { done: (_, affected) => (rows = affected) }),
            )
          } catch (error) {
            // A driver that breaks its contract.
            if (error instanceof TypeError) throw error
            const inner = error instanceof BatchFailure ? error : undefined
            throw new BatchFailure(index, inner ? inner.cause : error, {
              offset: inner?.offset,
              connectionLost: isLost(error),
            })
          }
          observer?.done(index, rows)
        }
      },
      async rollback() {
        if (!dead) await guard({ what: 'rollback' }, () => sql.rollback())
      },
    }
  }
  return {
    ...session,
    sql: sql && doorToSql(sql),
    cancel: () => guard({ what: 'cancel' }, () => session.cancel()),
    async close() {
      await through({ what: 'close', purpose }, () => session.close()).catch(() => session.close())
    },
  }
}
