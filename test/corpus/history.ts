// The histories of well-known projects, which live beside this project and are read from there: what one looks like,
// and how it is laid out on disk in the layout of the tool that it was written for.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Migration {
  readonly id: string
  readonly up: string
  /** null: the project has none. Empty: there is a file, and nothing in it. */
  readonly down: string | null
  /** Why there is no SQL: the project has program code in its place. */
  readonly skipped?: string
  /** false: the tool was told to run it outside of a transaction. */
  readonly tx?: boolean
}

export interface History {
  readonly name: string
  readonly project: string
  readonly dialect: 'pg' | 'mysql' | 'sqlite'
  /** The tool that it was written for. */
  readonly format: string
  /** SQL that runs before the first migration. */
  readonly prelude: string
  readonly migrations: readonly Migration[]
  /** How far down the plain client could go. */
  readonly chain?: { readonly failed_at: string | null }
}

const folder = join(import.meta.dirname, '../../../shared/corpus')
export const comparerFile = join(folder, 'compare/fingerprint.mjs')

/** Empty where the corpus is not there. */
export function readHistories(): History[] {
  const histories = join(folder, 'histories')
  if (!existsSync(histories)) return []
  return readdirSync(histories)
    .filter(name => name.endsWith('.json'))
    .sort()
    .map(name => ({ ...JSON.parse(readFileSync(join(histories, name), 'utf8')), name: name.replace('.json', '') }))
}

/** The text to run when the migration is undone; undefined = it cannot be. */
export const downText = ({ down, skipped }: Migration): string | undefined => down ?? (skipped ? '' : undefined)

/** Ids with folders in them become file names that sort in the order of the history. */
function fileNames(history: History): string[] {
  const ids = history.migrations.map(migration => migration.id)
  const isSorted = ids.every((id, index) => !id.includes('/') && (index === 0 || (ids[index - 1] ?? '') < id))
  return isSorted ? ids : ids.map((id, index) => `${String(index + 1).padStart(4, '0')}_${id.replaceAll('/', '_')}`)
}

/** A layout gives the files of one migration: path and text. */
type Layout = (name: string, migration: Migration, isReversible: boolean) => Record<string, string>

const pair: Layout = (name, migration, isReversible) => {
  const down = downText(migration)
  if (!isReversible) return { [`${name}.sql`]: migration.up }
  return { [`${name}.up.sql`]: migration.up, ...(down === undefined ? {} : { [`${name}.down.sql`]: down }) }
}

const folderPerMigration: Layout = (name, migration) => {
  const down = downText(migration)
  return { [`${name}/up.sql`]: migration.up, ...(down === undefined ? {} : { [`${name}/down.sql`]: down }) }
}

/** Says that it has to run outside of a transaction. */
export const isOutsideTransaction = ({ tx, up, down }: Migration): boolean =>
  tx === false || /\bCONCURRENTLY\b|^\s*COMMIT\s*;/im.test(up + (down ?? ''))

const goose: Layout = (name, migration) => {
  const down = downText(migration)
  const head = isOutsideTransaction(migration) ? '-- +goose NO TRANSACTION\n' : ''
  const tail = down === undefined ? '' : `\n-- +goose Down\n${down}\n`
  return { [`${name}.sql`]: `${head}-- +goose Up\n${migration.up}\n${tail}` }
}

const sqlMigrate: Layout = (name, migration) => {
  const down = downText(migration)
  const option = isOutsideTransaction(migration) ? ' notransaction' : ''
  const tail = down === undefined ? '' : `\n-- +migrate Down${option}\n${down}\n`
  return { [`${name}.sql`]: `-- +migrate Up${option}\n${migration.up}\n${tail}` }
}

const layouts: Readonly<Record<string, Layout>> = {
  diesel: folderPerMigration,
  goose,
  'sql-migrate': sqlMigrate,
  prisma: (name, { up }) => ({ [`${name}/migration.sql`]: up }),
}

/**
 * Writes the history to a folder.
 *
 * @returns the revision ids that godwit gives the migrations, in order
 */
export function layOut(history: History, target: string): string[] {
  const names = fileNames(history)
  const isReversible = history.migrations.some(migration => migration.down !== null)
  const layout = layouts[history.format] ?? pair
  for (const [index, migration] of history.migrations.entries()) {
    for (const [path, text] of Object.entries(layout(names[index] ?? '', migration, isReversible))) {
      const file = join(target, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    }
  }
  return names
}
