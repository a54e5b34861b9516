// A folder of revision files in memory, and what tests look at in its revisions.
import { expect } from 'vitest'
import type { LexicalRules } from '../checksum.ts'
import type { CodeBody, Revision } from '../revision/revision.ts'
import { type CodeFile, parseFolder } from './parse.ts'

export const lexical: LexicalRules = {
  hashComments: false,
  dashNeedsSpace: false,
  nestedComments: true,
  dollarQuotes: true,
  backslashEscapes: false,
  escapeStrings: true,
  versionedComments: false,
  backticks: false,
  brackets: false,
}

export function folder(
  files: Record<string, string | Uint8Array>,
  load: (code: CodeFile) => Promise<CodeBody> = async () => ({ up: () => 1, down: undefined }),
) {
  const entries = Object.entries(files).map(([path, content]) => ({
    path,
    bytes: typeof content === 'string' ? Buffer.from(content) : content,
  }))
  return parseFolder(entries, { displayBase: 'm', lexical, load })
}

/** What a golden case shows: blocks as `line: text`, `whole` ones with a bar. */
export function show(revision: Revision) {
  const body = revision.body()
  if (body.kind !== 'sql') return body.kind
  const blocks = (section: typeof body.up | undefined) =>
    section?.blocks.map(block => `${block.line}${block.whole ? '|' : ':'} ${block.text.trim()}`)
  return { id: revision.id, up: blocks(body.up), down: blocks(body.down), transaction: revision.options.transaction }
}

export function one(files: Record<string, string | Uint8Array>): Revision {
  const revisions = folder(files)
  expect(revisions).toHaveLength(1)
  return revisions[0] as Revision
}

export function failure(act: () => unknown) {
  try {
    act()
  } catch (error) {
    const { code, message, where, meta } = error as never as {
      code: string
      message: string
      where: object
      meta: object
    }
    return { code, message, where, meta }
  }
  throw new Error('nothing was refused')
}
