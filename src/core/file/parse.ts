// Turns the files of a revision folder into revisions. The layout of a file is decided by its name and its markers, never
// by a setting, so that layouts may be mixed in one folder. Pure: the source reads the bytes and loads the modules.
import { type LexicalRules, sha256 } from '../checksum.ts'
import { GodwitError } from '../error.ts'
import type { CodeBody, Revision } from '../revision/revision.ts'
import { headerFacts, headerKeyOf, mergeHeaders, statementHeader } from './definition.ts'
import { type Header, emptyHeader, parseHeader } from './header.ts'
import { runsInTransaction } from './layout/folder.ts'
import { type FileRole, fileRole, versionOf } from './layout/pair.ts'
import { readLiterals } from './literal.ts'
import { codeRevision, type ShownText, sqlRevision } from './revision-file.ts'
import { decodeText, withoutMark } from './text.ts'

/**
 * A file of the folder: `path` is relative to it, with `/`. As bytes, or as text when whoever read it knows that it is
 * UTF-8 without NUL (see `isSound`); a byte order mark is still in it.
 */
export type FolderEntry =
  | { readonly path: string; readonly bytes: Uint8Array }
  | { readonly path: string; readonly text: string }

/** A code revision to be loaded, with what its text states. */
export interface CodeFile {
  readonly path: string
  /** The path as shown to people. */
  readonly file: string
  readonly text: string
  readonly lines: Header
  readonly literals: Header
}

export interface ParseOptions {
  /** Put before each path when it is shown to people: `migrations`. Empty: nothing. */
  readonly displayBase: string
  /** Undefined on stores without SQL: then SQL text is summed like code. */
  readonly lexical: LexicalRules | undefined
  load(code: CodeFile): Promise<CodeBody>
}

interface Known extends FileRole {
  readonly entry: FolderEntry
  /** As shown to people. */
  readonly file: string
}

/**
 * The revisions of a folder, sorted by path. Two files with one id give two revisions: the graph refuses them.
 * @throws FILE.NAME_INVALID FILE.ENCODING_INVALID FILE.HEADER_INVALID FILE.SECTION_INVALID FILE.MODULE_INVALID
 */
export function parseFolder(entries: readonly FolderEntry[], options: ParseOptions): readonly Revision[] {
  const known: Known[] = []
  for (const entry of entries) {
    const file = showPath(options.displayBase, entry.path)
    const role = fileRole(entry.path, file)
    if (role !== undefined) known.push({ id: role.id, part: role.part, inFolder: role.inFolder, entry, file })
  }
  known.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1))
  const second = pairUp(known)
  return known.flatMap(item => {
    if (item.part === 'code') return [readCode(item, options)]
    return item.part === 'both' || item.part === 'up' ? [readSql(item, second, options)] : []
  })
}

/** A path as shown: `migrations/001_x.sql`. */
export function showPath(base: string, path: string): string {
  return base === '' ? path : `${base.endsWith('/') ? base.replace(/\/+$/, '') : base}/${path}`
}

/** The down file and the metadata of each up, by the path of the up. */
type Companions = ReadonlyMap<string, { readonly down?: Known; readonly metadata?: Known }>

function pairUp(known: readonly Known[]): Companions {
  const companions = new Map<string, { down?: Known; metadata?: Known }>()
  if (!known.some(item => item.part === 'down' || item.part === 'metadata')) return companions
  const ups = new Map<string, Known>()
  const versions = new Map<string, Known[]>()
  const keyOf = (item: Known) => (item.inFolder ? `${item.id}/` : item.id)
  for (const item of known) {
    if (item.part !== 'up' && item.part !== 'both') continue
    // `x.up.sql` comes after `x.sql` and is the better partner of `x.down.sql`.
    ups.set(keyOf(item), item)
    const version = item.part === 'up' && !item.inFolder ? versionOf(item.id) : undefined
    if (version !== undefined) versions.set(version, [...(versions.get(version) ?? []), item])
  }
  for (const item of known) {
    if (item.part !== 'down' && item.part !== 'metadata') continue
    const sameVersion = item.inFolder ? [] : (versions.get(versionOf(item.id) ?? '') ?? [])
    const up = ups.get(keyOf(item)) ?? (sameVersion.length === 1 ? sameVersion[0] : undefined)
    if (up === undefined) {
      if (item.part === 'metadata') continue
      throw new GodwitError('FILE.SECTION_INVALID', `${item.file} is a down without an up`, {
        why: item.inFolder
          ? 'Its folder has neither up.sql nor migration.sql.'
          : `There is no ${item.id}.up.sql. Nothing was run.`,
        where: { file: item.file },
      })
    }
    const path = up.entry.path
    companions.set(path, { ...companions.get(path), [item.part]: item })
  }
  return companions
}

function readSql(item: Known, companions: Companions, options: ParseOptions): Revision {
  const { down, metadata } = companions.get(item.entry.path) ?? {}
  const up = readText(item)
  const settings = metadata && readText(metadata)
  return sqlRevision({
    id: item.id,
    file: item.file,
    up,
    down: down && readText(down),
    upOnly: item.part === 'up',
    header: parseHeader(up.text, item.file),
    transactionOff: settings !== undefined && !runsInTransaction(settings.text, settings.file),
    fileHash: hashOf(item),
    lexical: options.lexical,
  })
}

function readCode(item: Known, options: ParseOptions): Revision {
  const { file, text } = readText(item)
  const lines = parseHeader(text, file)
  const literals = literalHeader(text, file, lines)
  return codeRevision({
    id: item.id,
    file,
    header: mergeHeaders(lines, literals, file),
    fileHash: hashOf(item),
    source: text,
    checksum: undefined,
    load: () => options.load({ path: item.entry.path, file, text, lines, literals }),
  })
}

function literalHeader(text: string, file: string, lines: Header): Header {
  const { properties, unread } = readLiterals(text)
  const inLines = headerFacts(lines)
  const blind = unread.find(({ key }) => inLines[headerKeyOf(key)] === undefined)
  if (blind !== undefined) {
    const before = text.slice(0, blind.start).split(/\r\n|\n|\r/)
    throw new GodwitError('FILE.MODULE_INVALID', `${file}: ${blind.key} is not a plain literal`, {
      why: `The order of revisions is made without running them. Write a string or a list of strings, or a header line: // godwit: ${headerKeyOf(blind.key)}=… Nothing was run.`,
      where: { file, line: before.length, column: (before.at(-1) as string).length + 1 },
    })
  }
  if (properties.length === 0) return emptyHeader
  return statementHeader(Object.fromEntries(properties.map(({ key, value }) => [key, value])), file)
}

function readText({ entry, file }: Known): ShownText {
  return { file, text: 'text' in entry ? withoutMark(entry.text) : decodeText(entry.bytes, file) }
}

/** Of the bytes, whichever way they are held: sound text has the same ones again. */
function hashOf({ entry }: Known): string {
  return sha256('text' in entry ? entry.text : entry.bytes)
}
