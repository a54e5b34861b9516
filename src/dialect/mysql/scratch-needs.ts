// Before a schema's SQL is loaded into a scratch database: on a private server the accounts that it names are made; on a
// server of others, SQL that leaves the scratch database is refused, because it would change what is there.
import { GodwitError } from '../../core/error.ts'
import type { Session } from '../session.ts'
import { nameOf, type Token, tokensOf, withoutVersions } from './introspect/token.ts'

/** Part of the path of the socket of a private server. */
export const PRIVATE_FOLDER = 'godwit-mariadb-'

/** @throws GodwitError SCHEMA.LOAD_FAILED for SQL that names another database of a shared server */
export async function scratchNeeds(session: Session, statements: readonly string[]): Promise<readonly string[]> {
  const facts = await session.sql?.query<{ socket: string; alone: number; own: string }>(
    'SELECT @@socket AS socket, @@skip_networking AS alone, DATABASE() AS own',
  )
  const { socket = '', alone = 0, own = '' } = facts?.[0] ?? {}
  if (Number(alone) === 1 && socket.includes(PRIVATE_FOLDER)) return missingAccounts(statements)
  const rows = await session.sql?.query<{ name: string }>('SELECT schema_name AS name FROM information_schema.schemata')
  const others = new Set(rows?.map(({ name }) => name).filter(name => name !== own && name !== 'information_schema'))
  for (const statement of statements) {
    const other = leaves(statement, others)
    if (other === undefined) continue
    throw new GodwitError('SCHEMA.LOAD_FAILED', `the SQL goes to another database: ${other}`, {
      why: `It would be run on a server that holds other databases. Nothing of it was run: ${statement.slice(0, 200)}`,
      next: ['take USE, CREATE DATABASE and the names of databases out of the SQL'],
    })
  }
  return []
}

/** ALTER DATABASE without a name means the current one. */
const SWITCH =
  /^(?:\s|\/\*[\s\S]*?\*\/|--[^\n]*\n|#[^\n]*\n)*(?:use\b|(?:create|drop)\s+(?:or\s+replace\s+)?(?:database|schema)\b|alter\s+(?:database|schema)\s+(?!(?:default|collate|charset|character|comment)\b))/i

/** USE, CREATE DATABASE and the like, or the name of a database of the server in front of a name. */
function leaves(statement: string, databases: ReadonlySet<string>): string | undefined {
  const start = withoutVersions(statement).slice(0, 4_000)
  if (SWITCH.test(start)) return /\S+\s+\S+(?:\s+\S+)?/.exec(start.trim())?.[0]
  if (![...databases].some(name => statement.includes(name))) return undefined
  const tokens = tokensOf(statement)
  const found = tokens.find(
    (token, index) =>
      databases.has(nameOf(token) ?? '') && tokens[index + 1]?.text === '.' && tokens[index - 1]?.text !== '.',
  )
  return nameOf(found)
}

/** CREATE USER or CREATE ROLE for every account that a GRANT names. */
function missingAccounts(statements: readonly string[]): string[] {
  const wanted = new Map<string, string>()
  for (const statement of statements) {
    if (!/^\s*grant\b/i.test(statement)) continue
    const tokens = tokensOf(statement)
    const to = tokens.findIndex(token => token.kind === 'word' && token.text.toUpperCase() === 'TO')
    for (let at = to + 1; to !== -1 && at < tokens.length; at++) {
      const account = accountAt(tokens, at)
      if (account === undefined) break
      wanted.set(account.text, `CREATE USER IF NOT EXISTS ${account.text}`)
      at = account.end
      if (tokens[at]?.text !== ',') break
    }
  }
  return [...wanted.values()]
}

/** `'user'@'host'`, in any quotes; a name alone stands for every host. */
function accountAt(tokens: readonly Token[], at: number): { readonly text: string; readonly end: number } | undefined {
  const user = tokens[at]
  if (user === undefined || user.kind === 'symbol' || /^(?:public|current_user|current_role)$/i.test(user.text))
    return undefined
  if (tokens[at + 1]?.text !== '@') return { text: `${user.text}@'%'`, end: at + 1 }
  return { text: `${user.text}@${tokens[at + 2]?.text ?? "'%'"}`, end: at + 3 }
}
