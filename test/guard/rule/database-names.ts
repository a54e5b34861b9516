// Outside the folder of a store no code names a database: it asks for a capability. Comments may.
import ts from 'typescript'
import { findInTree, type Guard, isIn, isTest } from '../guard.ts'

const names = /postgres|pglite|mysql|mariadb|sqlite|libsql|duckdb|chroma/i

/** Where names are the subject: the stores, the configuration that chooses among them, import, and the doors. */
const places = [
  'src/dialect/postgres/',
  'src/dialect/mysql/',
  'src/dialect/sqlite/',
  'src/dialect/duckdb/',
  'src/dialect/chroma/',
  'src/config/',
  'src/import/',
  'src/index.ts',
  // The closed list of error codes has those of the Chroma operations.
  'src/core/error-codes.ts',
  // Looks for installed drivers and writes the first configuration.
  'src/cli/command/init.ts',
  'src/cli/init/',
  // Examples in the help show URLs.
  'src/cli/verb.ts',
  // The layout of that tool is called so.
  'src/core/file/layout/',
]

export const databaseNames: Guard = {
  name: 'names no database outside its dialect',
  check(file) {
    if (isTest(file.path) || isIn(file.path, places)) return []
    return findInTree(file, node => {
      const isText = ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)
      if (!ts.isIdentifier(node) && !isText) return undefined
      return names.test(node.text) ? `names a database: ${node.text.slice(0, 60)}` : undefined
    })
  },
  red: [
    { path: 'src/engine/a.ts', text: "if (dialect.name === 'mysql') retry()" },
    { path: 'src/core/a.ts', text: 'export const isPostgres = true' },
    { path: 'src/cli/a.ts', text: 'export const text = `for SQLite ${version}`' },
    { path: 'src/dialect/session.ts', text: 'export interface DuckdbSession {}' },
    { path: 'src/dialect/sql/a.ts', text: "import { x } from '../chroma/x.ts'" },
  ],
  green: [
    { path: 'src/dialect/mysql/a.ts', text: "export const name = 'mysql'" },
    { path: 'src/engine/a.ts', text: '// PostgreSQL rolls back\nexport const a = 1 /* MySQL does not */' },
    { path: 'src/engine/a.test.ts', text: "open('sqlite::memory:')" },
  ],
}
