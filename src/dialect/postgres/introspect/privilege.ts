// Access control lists as data: `{ app: ['SELECT', 'INSERT*'] }`, a star for WITH GRANT OPTION, `public` for everybody.
// The owner's own rights are left out unless they differ from all; a list that says what the server gives anyway is absent.
import type { Json } from '../../../schema/model/object.ts'

const PRIVILEGES: Readonly<Record<string, string>> = {
  r: 'SELECT',
  a: 'INSERT',
  w: 'UPDATE',
  d: 'DELETE',
  D: 'TRUNCATE',
  x: 'REFERENCES',
  t: 'TRIGGER',
  m: 'MAINTAIN',
  X: 'EXECUTE',
  U: 'USAGE',
  C: 'CREATE',
  c: 'CONNECT',
  T: 'TEMPORARY',
  s: 'SET',
  A: 'ALTER SYSTEM',
}

export interface AclFacts {
  /** aclitem[] as text; null = the built-in default. */
  readonly acl: unknown
  readonly owner: string
  /** What PUBLIC has by default: EXECUTE on functions, USAGE on types. */
  readonly usual?: readonly string[]
}

/** Undefined when it is the usual list. */
export function grantsOf({ acl, owner, usual = [] }: AclFacts): Record<string, Json> | undefined {
  if (!Array.isArray(acl)) return undefined
  const grants = parseAcl(acl as string[])
  delete grants[owner]
  const everybody = grants['public'] ?? []
  if (everybody.join() === usual.join()) delete grants['public']
  else grants['public'] = everybody
  return Object.keys(grants).length === 0 ? undefined : grants
}

/** Manual 5.8: `grantee=privileges/grantor`, the grantee empty for PUBLIC and in double quotes where it must be. */
export function parseAcl(items: readonly string[]): Record<string, string[]> {
  const grants: Record<string, string[]> = {}
  for (const item of items) {
    const [, quoted, plain = '', letters = ''] = /^(?:"((?:[^"]|"")*)"|([^=]*))=([^/]*)\//.exec(item) ?? []
    const grantee = (quoted?.replaceAll('""', '"') ?? plain).replace(/^group /, '') || 'public'
    const list = new Set(grants[grantee])
    for (const [, letter = '', star = ''] of letters.matchAll(/([a-zA-Z])(\*?)/g)) {
      const name = PRIVILEGES[letter] ?? letter
      // The same right from two grantors is one right.
      if (star === '' && list.has(`${name}*`)) continue
      if (star !== '') list.delete(name)
      list.add(`${name}${star}`)
    }
    grants[grantee] = [...list].sort()
  }
  return grants
}
