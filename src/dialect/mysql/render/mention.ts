// Whether a text of the server names one of some columns.
import { nameOf, tokensOf } from '../introspect/token.ts'

/** @param names in lower case */
export function mentions(text: string, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return false
  return tokensOf(text).some(token => token.kind === 'quoted' && names.has((nameOf(token) ?? '').toLowerCase()))
}
