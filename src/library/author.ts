// Writing revision files: new ones, merges, and new parents for a rebase. Databases are read at most.
import { mkdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Godwit, NewOptions } from '../api.ts'
import type { ResolvedDatabase } from '../config/resolved.ts'
import { GodwitError } from '../core/error.ts'
import { nextName } from '../core/file/name.ts'
import { type RevisionFormat, renderMerge, renderSql, renderTypeScript } from '../core/file/render.ts'
import { setParents } from '../core/file/rewrite.ts'
import { planMerge } from '../core/revision/merge.ts'
import { planRebase } from '../core/revision/rebase.ts'
import type { RevisionOptions } from '../core/revision/revision.ts'
import { resolveRevision } from '../core/revision/target.ts'
import { type History, loadHistory } from '../engine/history.ts'
import { checkReadable } from '../engine/plan.ts'
import { withReader } from '../engine/status.ts'
import type { WriteResult } from '../engine/result.ts'
import { replaceFile, writeNewFile } from '../source/write.ts'

/** What a generated revision begins with. */
interface Generated {
  readonly up?: string
  readonly down?: string
  readonly options?: Partial<RevisionOptions>
}

/** @throws GRAPH.* FILE.EXISTS FILE.NAME_INVALID FILE.WRITE_FAILED */
export async function writeNew(database: ResolvedDatabase, options: NewOptions & Generated): Promise<WriteResult> {
  const folder = folderOf(database)
  // The first revision makes the folder.
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new GodwitError('FILE.WRITE_FAILED', `the folder ${folder} cannot be made`, {
      next: ['look at the rights of the folder above it'],
      cause: error,
    })
  })
  const history = await loadHistory(database)
  const { graph } = history
  const parents = options.parents
    ? options.parents.map(text => (text === 'base' ? [] : [resolveRevision(graph, text, 'godwit new --parent')])).flat()
    : soleHead(history)
  const depends = (options.depends ?? []).map(text => {
    const at = text.indexOf(':')
    if (at > 0) return { database: text.slice(0, at), revision: text.slice(at + 1) }
    throw new GodwitError('CLI.USAGE_INVALID', `a dependency is written DATABASE:REVISION, not ${text}`, {
      next: ['godwit new MESSAGE --depends analytics:20261101_base'],
    })
  })
  const format: RevisionFormat = options.format ?? (database.dialect.sql ? 'sql' : 'ts')
  if (format === 'sql' && !database.dialect.sql) {
    throw new GodwitError('SQL.UNSUPPORTED', `${database.dialect.name} runs no SQL`, {
      why: 'Its revisions are TypeScript.',
      next: [`godwit new "${options.message}" --ts`],
    })
  }
  const header = { parents, depends, labels: options.labels ?? [], options: { ...options.options } }
  const { up = '', down = '' } = options
  const text =
    format === 'sql'
      ? renderSql({ message: options.message, header, up, down })
      : forStore(database, renderTypeScript({ message: options.message, header }))
  return {
    ok: true,
    command: 'new',
    database: database.name,
    written: [await write(database, history, folder, options.message, format, text, parents)],
  }
}

/** @throws GRAPH.MERGE_NEEDLESS FILE.* */
export async function writeMerge(
  database: ResolvedDatabase,
  options: Parameters<Godwit['merge']>[0],
): Promise<WriteResult> {
  const folder = folderOf(database)
  const history = await loadHistory(database)
  const { parents } = planMerge(history.graph, options?.heads)
  const message = options?.message ?? `merge ${parents.map(shortName).join(' and ')}`
  const format: RevisionFormat = database.dialect.sql ? 'sql' : 'ts'
  const text = forStore(database, renderMerge(format, message, parents))
  return {
    ok: true,
    command: 'merge',
    database: database.name,
    written: [await write(database, history, folder, message, format, text, parents)],
  }
}

/** @throws GRAPH.REBASE_APPLIED GRAPH.REBASE_INVALID CONNECT.* when the database cannot tell what is applied */
export async function writeRebase(
  database: ResolvedDatabase,
  options: Parameters<Godwit['rebase']>[0],
): Promise<WriteResult> {
  folderOf(database)
  const history = await loadHistory(database)
  const journal = await withReader(database, new AbortController().signal, session =>
    database.dialect.journal.read(session),
  )
  checkReadable(journal)
  const applied = new Map([[database.name, new Set(journal.applied.map(row => row.id))]])
  const changes = planRebase(history.graph, options, applied)
  const edits = []
  for (const change of changes) {
    const path = pathOf(database, history, change.id)
    const text = await readFile(path.absolute, 'utf8')
    edits.push({
      ...change,
      ...path,
      text: setParents(text, change.to, path.absolute.endsWith('.sql') ? 'sql' : 'ts', path.shown),
    })
  }
  // All texts are made before the first is written, so that a file that cannot be read changes nothing.
  for (const edit of edits) await replaceFile(edit.absolute, edit.text, edit.shown)
  const written = edits.map(edit => ({ id: edit.id, file: edit.shown, parents: edit.to }))
  return { ok: true, command: 'rebase', database: database.name, written }
}

async function write(
  database: ResolvedDatabase,
  history: History,
  folder: string,
  message: string,
  format: RevisionFormat,
  text: string,
  parents: readonly string[],
) {
  const existing = history.graph.ids
  const id = nextName({ pattern: database.naming, zone: database.timeZone, now: new Date(), existing, message })
  const file = join(folder, `${id}.${format}`)
  const shown = relative(process.cwd(), file)
  await writeNewFile(file, text, shown)
  return { id, file: shown, parents }
}

/** @throws GRAPH.HEADS_MULTIPLE: which head comes first must be said */
function soleHead(history: History): readonly string[] {
  const { heads } = history.graph
  if (heads.length < 2) return heads
  throw new GodwitError('GRAPH.HEADS_MULTIPLE', `the history has ${heads.length} heads: ${heads.join(', ')}`, {
    why: 'A new revision must know which one it follows. Nothing was written.',
    next: ['godwit merge', ...heads.map(head => `godwit new MESSAGE --parent ${head}`)],
    meta: { heads },
  })
}

function folderOf(database: ResolvedDatabase): string {
  if (database.migrationsPath !== undefined) return database.migrationsPath
  throw new GodwitError('FILE.FOLDER_MISSING', `the revisions of ${database.name} are given in code`, {
    why: 'There is no folder to write into.',
    next: ['set "migrations" of the database in the configuration'],
  })
}

function pathOf(database: ResolvedDatabase, history: History, id: string): { absolute: string; shown: string } {
  // Revisions of a folder are files.
  const shown = history.revision(id).file as string
  const folder = folderOf(database)
  // Paths are shown from the project's folder; only the part below the revisions' folder is sure.
  const below = shown.slice(shown.lastIndexOf(`${id}`))
  return { absolute: join(folder, below), shown }
}

/** A store with operations of its own types the context of its revisions. */
function forStore(database: ResolvedDatabase, text: string): string {
  return database.dialect.sql ? text : text.replace("from 'godwit'", `from 'godwit/${database.dialect.name}'`)
}

const shortName = (id: string) => id.slice(id.indexOf('_') + 1)
