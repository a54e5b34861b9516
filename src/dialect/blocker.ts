// Who holds the lock that a statement waits for, as a store can tell it, and how people read it. Promises that no
// password of a query is shown; refuses to name as certain what the store only makes likely.
import { maskSecrets } from '../core/mask.ts'

/** A session that keeps another one waiting. */
export interface Blocker {
  /** Backend pid or thread id, as text; empty where the store hides it. */
  readonly backend: string
  /** Empty where the store hides it. */
  readonly user: string
  /** Name of the application, or where it connects from; empty where unknown. */
  readonly application: string
  /** When its transaction began, else when it came into its state: ISO 8601 in UTC; empty where unknown. */
  readonly since: string
  /** In the words of the store: `idle in transaction`, `active`, `Sleep`; empty where unknown. */
  readonly state: string
  /** Beginning of its last statement, at most 200 characters, passwords masked; empty where unknown. */
  readonly query: string
  /** Backends it waits for itself. */
  readonly waitsFor?: readonly string[]
  /** The store does not tell holders: this one only may be it. */
  readonly possible?: true
  /** Statement that ends that session and rolls its transaction back. The last resort. */
  readonly end?: string
  /** Why facts are missing, and what would show them. */
  readonly hint?: string
}

/** A statement that the store's own lock time-out must not end, because it leaves something behind when it fails. */
export interface LongWait {
  /** Longest wait for locks, milliseconds, after which the engine cancels the statement; 0 = no bound. */
  readonly waitMs: number
  /** What a failure may leave, as a sentence. */
  readonly leaves: string
  /** Commands that show and remove it, first one first. */
  readonly next: readonly string[]
}

/** Longest query in a {@link Blocker}, characters. */
const QUERY_LIMIT = 200

const LITERAL = `(?:[a-z]|u&)?'(?:''|\\\\[\\s\\S]|[^'\\\\])*(?:'|$)|"(?:""|\\\\[\\s\\S]|[^"\\\\])*(?:"|$)|\\$(\\w*)\\$[\\s\\S]*?(?:\\$\\3\\$|$)`
const SET_PASSWORD = new RegExp(
  `((?:\\w*(?:password|passwd|secret)|\\bidentified\\s+(?:(?:with|via)\\s+\\S+\\s+)?(?:by|as|using))` +
    `\\s*(?:for\\s+[^=]*?)?[=(\\s]*(?:password\\s*\\(?\\s*)?)(${LITERAL})`,
  'gi',
)
const PAIR = /(\b\w*(?:password|passwd|pwd|secret|token)\s*=\s*)[^\s'",;)]+/gi

/**
 * The beginning of a query as it may be shown: on one line, without the passwords that it sets.
 *
 * @example
 * shownQuery("ALTER ROLE app PASSWORD 's3cret'", []) // "ALTER ROLE app PASSWORD ***"
 */
export function shownQuery(query: string, secrets: readonly string[]): string {
  const masked = maskSecrets(query, secrets).replace(SET_PASSWORD, '$1***').replace(PAIR, '$1***')
  return shownText(masked).slice(0, QUERY_LIMIT)
}

/** Text of others on one line, without characters that move a terminal's cursor. */
export const shownText = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, ' ').trim()

/** One blocker for people. @example `pid 123 (shop, billing), idle in transaction since 2026-11-20T10:00:00.000Z: UPDATE …` */
export function describeBlocker(blocker: Blocker): string {
  const { backend, user, application, since, state, query, waitsFor = [] } = blocker
  const account = [user, application].filter(part => part !== '').join(', ')
  const who = backend === '' ? 'a session that cannot be seen' : `pid ${backend}${account ? ` (${account})` : ''}`
  const facts = [state, since === '' ? '' : `since ${since}`].filter(part => part !== '').join(' ')
  const chain = waitsFor.length === 0 ? '' : `, which waits for pid ${waitsFor.join(', ')}`
  const hint = blocker.hint === undefined ? '' : ` [${blocker.hint}]`
  return `${who}${facts ? `, ${facts}` : ''}${chain}${query ? `: ${query}` : ''}${hint}`
}

/** All of them in one sentence without its end. @example `waiting for a lock held by pid 123 (app), active: SELECT 1` */
export function describeBlockers(blockers: readonly Blocker[]): string {
  const shown = blockers.slice(0, 3).map(describeBlocker)
  const more = blockers.length > shown.length ? `; and ${blockers.length - shown.length} more` : ''
  const held = blockers.every(blocker => blocker.possible) ? 'that may be held by' : 'held by'
  return `waiting for a lock ${held} ${shown.join('; ')}${more}`
}
