// Batch items as simple-query messages: which items share a message, how many answers each of them will bring, and
// which item an answer or an error belongs to. Pure; the sessions only send and listen.
//
// Items share a message inside an explicit transaction, and explicit transactions share one with each other. An item
// outside is sent alone, because the server wraps a whole message without BEGIN into one implicit transaction
// (manual 55.2.2.1), and "all before it are done" would not hold.
import { GodwitError } from '../../core/error.ts'
import { BatchFailure, type BatchItem, type BatchObserver, type BatchSettings } from '../session.ts'
import { isConcurrent } from './blocker.ts'
import { countStatements } from './lex.ts'
import { utf16Offset } from './split.ts'

/** One item inside a message. */
interface Part {
  readonly index: number
  /** Where the item begins in the message. */
  readonly start: number
  /** Where the item's own SQL begins in the message; undefined for SQL that was made here. */
  readonly offset: number | undefined
  readonly length: number
  /** CommandComplete messages that end it. */
  readonly answers: number
  readonly isCommit: boolean
}

export interface Message {
  readonly text: string
  readonly parts: readonly Part[]
}

/** How a session says what the items leave open. */
export interface BatchSpelling {
  readonly begin: string
  /** Settings that each transaction has to make for itself, because the session cannot keep them. Default: none. */
  readonly beginSettings?: readonly string[]
  /** Statements that put the session's settings back. */
  readonly reset: readonly string[]
  /** Why this store cannot run a text; undefined when it can. */
  refuse?(sql: string): GodwitError | undefined
  /** `SET lock_timeout = 0` around CONCURRENTLY, and the way back; absent where no session lock_timeout is set. */
  readonly unlimited?: { readonly lift: string; readonly restore: string }
}

/** What must not be sent at all: in a message NUL is the end of the text. */
function refused(sql: string, spelling: BatchSpelling): GodwitError | undefined {
  if (sql.includes('\0')) return new GodwitError('SQL.SYNTAX_INVALID', 'the statement holds a NUL character')
  return spelling.refuse?.(sql)
}

/** What outlives one call of `run`. */
export interface BatchState {
  inTransaction: boolean
  /** A `settings` item said how long to wait for locks: it holds for CONCURRENTLY too. */
  lockTimeoutGiven: boolean
  /** lock_timeout is lifted and not yet put back. */
  lifted: boolean
}

const LARGEST_MESSAGE = 262_144
const MOST_PARTS = 500

/** Yields the messages of a batch; `state` is kept up to date as they are taken. */
export function* messagesOf(
  items: readonly BatchItem[],
  spelling: BatchSpelling,
  state: BatchState,
  live = false,
): Generator<Message> {
  const builder = new MessageBuilder()
  for (const [index, item] of items.entries()) {
    if (builder.full) yield builder.take()
    switch (item.kind) {
      case 'begin':
        builder.add(index, [spelling.begin, ...(spelling.beginSettings ?? []), ...settingsSql(item.settings, 'LOCAL')])
        state.inTransaction = true
        break
      case 'commit':
        builder.add(index, ['COMMIT'], true)
        state.inTransaction = false
        break
      case 'reset':
        builder.add(index, inOneTransaction(spelling.reset, state))
        state.lockTimeoutGiven = false
        break
      case 'settings':
        builder.add(index, inOneTransaction(settingsSql(item.settings, 'SESSION'), state))
        state.lockTimeoutGiven ||= item.settings.lockTimeoutMs !== undefined
        break
      case 'statement':
      case 'journal': {
        const refusal = refused(item.sql, spelling)
        if (refusal !== undefined) {
          if (!builder.empty) yield builder.take()
          throw new BatchFailure(index, refusal)
        }
        const separate = !state.inTransaction || (item.kind === 'statement' && (live || item.alone === true))
        if (separate && !builder.empty) yield builder.take()
        const { unlimited } = spelling
        const lift = separate && unlimited && !state.lockTimeoutGiven && isConcurrent(item.sql)
        if (lift) {
          state.lifted = true
          yield { text: unlimited.lift, parts: [] }
        }
        builder.addSql(index, item.sql)
        if (separate) yield builder.take()
        if (lift) {
          yield { text: unlimited.restore, parts: [] }
          state.lifted = false
        }
      }
    }
  }
  if (!builder.empty) yield builder.take()
}

/** The same message as one message for each item, for the case that the server refused to parse the whole. */
export function singleMessages(message: Message): Message[] {
  return message.parts.map((part, at) => {
    const from = part.start
    const to = message.parts[at + 1]?.start ?? message.text.length
    const offset = part.offset === undefined ? undefined : part.offset - from
    return { text: message.text.slice(from, to), parts: [{ ...part, offset, start: 0 }] }
  })
}

class MessageBuilder {
  private text = ''
  private parts: Part[] = []

  get empty(): boolean {
    return this.parts.length === 0
  }

  get full(): boolean {
    return this.text.length > LARGEST_MESSAGE || this.parts.length >= MOST_PARTS
  }

  add(index: number, statements: readonly string[], isCommit = false): void {
    const start = this.text.length
    this.parts.push({ index, start, offset: undefined, length: 0, answers: statements.length, isCommit })
    for (const statement of statements) this.text += `${statement};\n`
  }

  addSql(index: number, sql: string): void {
    const start = this.text.length
    this.parts.push({ index, start, offset: start, length: sql.length, answers: countStatements(sql), isCommit: false })
    // The line end keeps a comment at the end of the item from swallowing the semicolon.
    this.text += `${sql}\n;\n`
  }

  take(): Message {
    const message = { text: this.text, parts: this.parts }
    this.text = ''
    this.parts = []
    return message
  }
}

function inOneTransaction(statements: readonly string[], state: BatchState): string[] {
  return state.inTransaction || statements.length === 0 ? [...statements] : ['BEGIN', ...statements, 'COMMIT']
}

function settingsSql(settings: BatchSettings | undefined, scope: 'LOCAL' | 'SESSION'): string[] {
  const statements: string[] = []
  const { lockTimeoutMs, statementTimeoutMs } = settings ?? {}
  if (lockTimeoutMs !== undefined) statements.push(`SET ${scope} lock_timeout = ${milliseconds(lockTimeoutMs)}`)
  if (statementTimeoutMs !== undefined)
    statements.push(`SET ${scope} statement_timeout = ${milliseconds(statementTimeoutMs)}`)
  return statements
}

/** The server takes whole milliseconds up to 2^31 - 1. */
export function milliseconds(value: number): number {
  return Math.min(2_147_483_647, Math.max(0, Math.round(value)))
}

/** Follows the answers to one message. */
export class MessageProgress {
  private at = 0
  private answered = 0
  private rows: number | undefined
  /** Any answer came: the server has parsed the message and begun to run it. */
  started = false

  private readonly message: Message
  private readonly observer: BatchObserver | undefined

  constructor(message: Message, observer: BatchObserver | undefined) {
    this.message = message
    this.observer = observer
  }

  /** One CommandComplete; `tag` is its text: `INSERT 0 5`. Returns a failure that the server does not call one. */
  complete(tag: string): BatchFailure | undefined {
    this.started = true
    this.skipEmpty()
    const part = this.message.parts[this.at]
    if (part === undefined) return undefined
    // The server answers COMMIT of a failed transaction with ROLLBACK and no error.
    if (part.isCommit && tag !== 'COMMIT') {
      return new BatchFailure(
        part.index,
        new Error('the transaction had failed before: the server rolled it back instead of committing it'),
      )
    }
    const rows = affectedRows(tag)
    if (rows !== undefined) this.rows = (this.rows ?? 0) + rows
    this.answered++
    if (this.answered >= part.answers) this.next(part)
    return undefined
  }

  /** The message has ended without an error. */
  end(): void {
    for (let part = this.message.parts[this.at]; part !== undefined; part = this.message.parts[this.at]) this.next(part)
  }

  /**
   * The failure that an error of the server or the connection means. Undefined when the server refused the text as
   * a whole because of a later item: nothing of the message was run.
   */
  failure(error: unknown, connectionLost: boolean): BatchFailure | undefined {
    this.skipEmpty()
    const current = this.message.parts[this.at] ?? this.message.parts.at(-1)
    const position = connectionLost ? undefined : positionOf(error)
    const offset = position === undefined ? undefined : utf16Offset(this.message.text, position - 1)
    const named = offset === undefined ? undefined : this.partAt(offset)
    if (named !== undefined && named !== current && !this.started) return undefined
    const within = named !== undefined && named === current ? (offset ?? 0) - (named.offset ?? 0) : undefined
    return new BatchFailure(current?.index ?? 0, error, { offset: within, connectionLost })
  }

  private partAt(offset: number): Part | undefined {
    return this.message.parts.find(
      part => part.offset !== undefined && offset >= part.offset && offset <= part.offset + part.length,
    )
  }

  private skipEmpty(): void {
    for (let part = this.message.parts[this.at]; part?.answers === 0; part = this.message.parts[this.at])
      this.next(part)
  }

  private next(part: Part): void {
    const { rows } = this
    this.at++
    this.answered = 0
    this.rows = undefined
    this.observer?.done(part.index, rows)
  }
}

function positionOf(error: unknown): number | undefined {
  const position = Number((error as { position?: unknown } | null)?.position)
  return Number.isSafeInteger(position) && position > 0 ? position : undefined
}

/** The count of a tag; a plain SELECT affects nothing. */
function affectedRows(tag: string): number | undefined {
  const found = /^(?:INSERT \d+|UPDATE|DELETE|MERGE|COPY) (\d+)$/.exec(tag)
  return found ? Number(found[1]) : undefined
}
