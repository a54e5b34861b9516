// Roles that SQL names belong to the whole server and are missing in an empty one: they are made, without any right,
// so that grants, owners and policies of a schema can be loaded. In a transaction, they vanish with it.
import { literal } from './journal.ts'
import { parseStatements } from './split.ts'
import type { Session } from '../session.ts'

/** @returns CREATE ROLE statements for the roles that `statements` name and neither make nor find */
export async function missingRoles(session: Session, statements: readonly string[]): Promise<string[]> {
  const named = new Set<string>()
  const made = new Set<string>()
  // Only these can name a role; parsing all of a long dump again would cost seconds.
  const suspects = statements.filter(text => /\b(?:to|for|from|owner|role|user|authorization|group|by)\b/i.test(text))
  for (const tree of await parseStatements(suspects)) walk(tree, named, made)
  const wanted = [...named].filter(name => !made.has(name)).sort()
  if (wanted.length === 0) return []
  const found = await session.sql?.query<{ rolname: string }>(
    `SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN (${wanted.map(literal).join(', ')})`,
  )
  const there = new Set(found?.map(row => row.rolname))
  return wanted.filter(name => !there.has(name)).map(name => `CREATE ROLE "${name.replaceAll('"', '""')}"`)
}

/** Finds RoleSpec nodes with a name, and CREATE ROLE statements. */
function walk(node: unknown, named: Set<string>, made: Set<string>): void {
  if (Array.isArray(node)) {
    for (const entry of node) walk(entry, named, made)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const {
    rolename,
    roletype,
    CreateRoleStmt: create,
  } = node as {
    rolename?: unknown
    roletype?: unknown
    CreateRoleStmt?: { role?: string }
  }
  if (typeof rolename === 'string' && roletype === 'ROLESPEC_CSTRING') named.add(rolename)
  if (typeof create?.role === 'string') made.add(create.role)
  for (const value of Object.values(node)) walk(value, named, made)
}
