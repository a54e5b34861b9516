// Revisions given as objects in code: for bundled applications that have no file system, and for tests.
// SQL texts may hold markers and header lines like files; a text and a function in one revision are refused.
import { type LexicalRules, sha256 } from '../core/checksum.ts'
import { GodwitError } from '../core/error.ts'
import { mergeHeaders, type RevisionStatement, statementHeader } from '../core/file/definition.ts'
import { emptyHeader, parseHeader } from '../core/file/header.ts'
import { codeRevision, sqlRevision } from '../core/file/revision-file.ts'
import type { Revision } from '../core/revision/revision.ts'
import type { RevisionSource } from './source.ts'

/** A revision in code. `C` is the context its functions get. */
export interface MemoryRevision<C = never> extends RevisionStatement {
  readonly id: string
  /** SQL, with or without markers, or a function. */
  readonly up: string | ((context: C) => unknown)
  readonly down?: string | ((context: C) => unknown) | undefined
  /** Replaces the computed checksum; functions have none of their own, so that edits to them go unnoticed. */
  readonly checksum?: string | undefined
}

/**
 * A source over objects. They are checked when it loads.
 * @example
 * memorySource([{ id: '001_users', up: 'CREATE TABLE users (id int)', down: 'DROP TABLE users' }])
 */
export function memorySource(revisions: readonly MemoryRevision[]): RevisionSource {
  return {
    description: 'revisions given in code',
    load: async lexical => revisions.map(revision => makeRevision(revision, lexical)),
  }
}

function makeRevision(revision: MemoryRevision, lexical: LexicalRules | undefined): Revision {
  const { id, up, down, checksum } = revision
  if (typeof id !== 'string' || id.trim() === '') throw invalid('a revision given in code', 'Its id is not a text.')
  const stated = statementHeader(revision as unknown as Record<string, unknown>, id)
  if (typeof up === 'string' && (down === undefined || typeof down === 'string')) {
    return sqlRevision({
      id,
      file: undefined,
      up: { file: id, text: up },
      down: down === undefined ? undefined : { file: id, text: down },
      upOnly: false,
      header: mergeHeaders(parseHeader(up, id), stated, id),
      transactionOff: false,
      // A checksum of the user's replaces what the text says.
      fileHash: checksum === undefined ? sha256(up) : undefined,
      lexical,
      checksum,
    })
  }
  if (typeof up !== 'function' || (down !== undefined && typeof down !== 'function')) {
    throw invalid(id, 'Its up and down are both SQL texts or both functions.')
  }
  return codeRevision({
    id,
    file: undefined,
    header: mergeHeaders(emptyHeader, stated, id),
    fileHash: undefined,
    source: undefined,
    checksum,
    load: async () => ({ up, down, options: stated.options }),
  })
}

function invalid(name: string, why: string): GodwitError {
  return new GodwitError('FILE.MODULE_INVALID', `${name} is no revision`, { why: `${why} Nothing was run.` })
}
