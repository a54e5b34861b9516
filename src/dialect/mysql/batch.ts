// Batch items as messages: which SQL each item becomes, and which of it may travel together. In a message every
// statement outside a transaction commits by itself, so `alone` items may share one; statements that answer with rows
// may not, because an error could then not be told from the next statement's. A text that is not exactly one statement
// is refused before anything is sent, because the server would run the second one too.
import { GodwitError } from '../../core/error.ts'
import { BatchFailure, type BatchItem, type BatchSettings } from '../session.ts'
import { answersOnce } from './classify.ts'
import type { Flavor } from './flavor.ts'
import { quoteName } from './journal.ts'
import type { LexOptions } from './lex.ts'
import type { ResolvedSettings } from './settings.ts'
import { cut } from './split.ts'

/** One statement of a message. */
export interface Piece {
  readonly sql: string
  /** Index of the batch item it belongs to. */
  readonly index: number
  /** Its success completes the item. */
  readonly completes: boolean
  /** Where `sql` begins in the item's text; undefined for godwit's own text. */
  readonly offset: number | undefined
  readonly journal: boolean
}

export interface Message {
  readonly pieces: readonly Piece[]
  /** The SQL mode was strict for the journal when the message began. */
  readonly strict: boolean
}

/** Longest message of several statements, UTF-16 units; far below any server's max_allowed_packet. */
const MESSAGE_LIMIT = 1_000_000

/** What a revision may change for its session, and `reset` restores. */
const VARIABLES = [
  'sql_mode',
  'foreign_key_checks',
  'unique_checks',
  'sql_notes',
  'sql_safe_updates',
  'time_zone',
  'lock_wait_timeout',
  'innodb_lock_wait_timeout',
  'group_concat_max_len',
  'default_storage_engine',
]

/** The texts of a session that do not depend on the items. */
export class SessionText {
  readonly #variables: readonly string[]
  readonly #flavor: Flavor
  readonly #settings: ResolvedSettings

  constructor(flavor: Flavor, settings: ResolvedSettings) {
    const timeout = flavor.statementTimeoutVariable
    this.#variables = [...VARIABLES, flavor.isolationVariable, ...(timeout === undefined ? [] : [timeout])]
    this.#flavor = flavor
    this.#settings = settings
  }

  /** Once per session that changes things: the configuration's settings, and what `reset` goes back to. */
  prepare(): string[] {
    const { lockTimeoutMs, statementTimeoutMs } = this.#settings
    const configured = this.#assignments({
      lockTimeoutMs,
      ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
    })
    return [
      // The server's own collation of utf8mb4, as its command-line client has it.
      'SET NAMES utf8mb4',
      // A code revision may compute for a long time between two statements.
      `SET ${[...configured, 'wait_timeout = GREATEST(@@wait_timeout, 28800)'].join(', ')}`,
      `SET ${this.#variables.map(name => `@godwit_${name} = @@${name}`).join(', ')}, ` +
        `@godwit_skew = ${Date.now()} - TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000`,
    ]
  }

  reset(): string[] {
    return [
      `SET ${this.#variables.map(name => `${name} = @godwit_${name}`).join(', ')}, autocommit = 1, timestamp = DEFAULT`,
      'SET NAMES utf8mb4',
      `USE ${quoteName(this.#settings.database)}`,
    ]
  }

  /** Sets bounds; undefined when there are none. */
  set(settings: BatchSettings | undefined): string | undefined {
    const assignments = settings === undefined ? [] : this.#assignments(settings)
    return assignments.length === 0 ? undefined : `SET ${assignments.join(', ')}`
  }

  /** Remembers the bounds in force, so that a transaction can have its own. */
  readonly remember = (): string =>
    `SET ${this.#bounds()
      .map(name => `@godwit_outer_${name} = @@${name}`)
      .join(', ')}`
  readonly recall = (): string =>
    `SET ${this.#bounds()
      .map(name => `${name} = COALESCE(@godwit_outer_${name}, @@${name})`)
      .join(', ')}`

  #bounds(): string[] {
    const timeout = this.#flavor.statementTimeoutVariable
    return ['lock_wait_timeout', 'innodb_lock_wait_timeout', ...(timeout === undefined ? [] : [timeout])]
  }

  #assignments(settings: BatchSettings): string[] {
    const assignments: string[] = []
    if (settings.lockTimeoutMs !== undefined) {
      const seconds = Math.max(1, Math.ceil(settings.lockTimeoutMs / 1000))
      assignments.push(`lock_wait_timeout = ${seconds}`, `innodb_lock_wait_timeout = ${seconds}`)
    }
    if (settings.statementTimeoutMs !== undefined && this.#flavor.statementTimeoutVariable !== undefined) {
      assignments.push(this.#flavor.statementTimeout(settings.statementTimeoutMs))
    }
    return assignments
  }
}

/** Journal writes fail on NULL instead of storing 0, whatever mode a revision has set. */
const STRICT = "SET @godwit_journal_mode = @@sql_mode, sql_mode = 'STRICT_ALL_TABLES'"
export const LENIENT = 'SET sql_mode = @godwit_journal_mode'

/** State of a session that outlives a batch. */
export interface TransactionState {
  /** The open transaction has bounds of its own. */
  bounded: boolean
  /** Bounds from outside a transaction were put aside, and may still have to be put back. */
  aside: boolean
}

/**
 * The messages of a batch, made as they are needed: what the server said of the messages before may change how
 * texts are read.
 */
export function* messages(
  items: readonly BatchItem[],
  text: SessionText,
  state: TransactionState,
  lex: () => LexOptions,
): Generator<Message, void, void> {
  let pieces: Piece[] = []
  let size = 0
  let strict = false
  let strictBefore = false
  const flush = function* (): Generator<Message, void, void> {
    if (pieces.length > 0) yield { pieces, strict: strictBefore }
    strictBefore = strict
    pieces = []
    size = 0
  }
  const own = (sql: string, index: number, completes: boolean, journal = false) => {
    pieces.push({ sql, index, completes, offset: undefined, journal })
    size += sql.length
  }
  for (const [index, item] of items.entries()) {
    if (strict && item.kind !== 'journal' && item.kind !== 'commit') {
      own(LENIENT, index, false)
      strict = false
    }
    if (size > MESSAGE_LIMIT) yield* flush()
    switch (item.kind) {
      case 'begin': {
        const set = text.set(item.settings)
        if (set !== undefined) {
          state.bounded = true
          state.aside = true
          own(text.remember(), index, false)
          own(set, index, false)
        }
        own('START TRANSACTION', index, true)
        break
      }
      case 'commit':
        own('COMMIT', index, !state.bounded)
        if (state.bounded) own(text.recall(), index, true)
        state.bounded = false
        break
      case 'reset': {
        const texts = text.reset()
        for (const [at, sql] of texts.entries()) own(sql, index, at === texts.length - 1)
        break
      }
      case 'settings': {
        own(text.set(item.settings) ?? 'DO 0', index, true)
        break
      }
      case 'journal':
        if (!strict) own(STRICT, index, false)
        strict = true
        own(item.sql, index, true, true)
        break
      case 'statement': {
        const one = single(item.sql, index, lex())
        const shares = one.shares && answersOnce(one.sql)
        if (!shares || size + one.sql.length > MESSAGE_LIMIT) yield* flush()
        pieces.push({ sql: one.sql, index, completes: true, offset: one.offset, journal: false })
        size += one.sql.length
        if (!shares) yield* flush()
        break
      }
    }
  }
  if (strict) own(LENIENT, items.length - 1, false)
  yield* flush()
}

/** The one statement of a text. @throws BatchFailure around SQL.SYNTAX_INVALID */
function single(sql: string, index: number, lex: LexOptions): { sql: string; offset: number; shares: boolean } {
  const cuts = cut(sql, lex)
  const [first, second] = cuts
  if (first === undefined)
    throw new BatchFailure(index, new GodwitError('SQL.SYNTAX_INVALID', 'the statement is empty'))
  if (second === undefined) return { sql: sql.slice(first.start, first.end), offset: first.start, shares: true }
  // What DELIMITER framed as one body the author vouches for; it travels by itself.
  if (first.compound) return { sql: sql.slice(first.start), offset: first.start, shares: false }
  throw new BatchFailure(
    index,
    new GodwitError('SQL.SYNTAX_INVALID', `the text holds ${cuts.length} statements where one is expected`, {
      why: 'the server would run all of them, and a failure could not be told apart; nothing of this text was run',
    }),
    { offset: second.start },
  )
}
