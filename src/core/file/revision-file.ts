// Makes Revision objects whose costly fields are computed on first use: 5,000 files cost their hash and header only.
// Used by every source; knows texts and roles, nothing of folders or modules.
import { type LexicalRules, codeChecksum, sqlChecksum } from '../checksum.ts'
import type { CodeBody, Revision, RevisionBody, RevisionOptions, SqlBlock } from '../revision/revision.ts'
import { fileError, type Header, headerLines } from './header.ts'
import { blockOf, parseSections, type Sections } from './layout/section.ts'
import { GodwitError } from '../error.ts'
import { eachDashLine } from './text.ts'

/** A SQL text and the path it is shown under. */
export interface ShownText {
  readonly file: string
  readonly text: string
}

export interface SqlRevisionParts {
  readonly id: string
  /** Undefined for revisions given in code. */
  readonly file: string | undefined
  readonly up: ShownText
  /** A down of its own: another file, or another text. */
  readonly down: ShownText | undefined
  /** The file's name says it is an up, so that it must not hold a down. */
  readonly upOnly: boolean
  readonly header: Header
  /** diesel's metadata.toml asks for no transaction. */
  readonly transactionOff: boolean
  readonly fileHash: string | undefined
  readonly lexical: LexicalRules | undefined
  /** A checksum given instead of the computed one. */
  readonly checksum?: string | undefined
}

/** A revision of SQL text. `body()`, `checksum` and sometimes `options` throw FILE.SECTION_INVALID on first use. */
export function sqlRevision(parts: SqlRevisionParts): Revision {
  const { header } = parts
  let made: Later | undefined
  const later = () => (made ??= new Later(parts))
  return {
    id: parts.id,
    file: parts.file,
    parents: header.parents,
    depends: header.depends,
    labels: header.labels,
    get options() {
      return later().options()
    },
    get checksum() {
      return later().checksum()
    },
    fileHash: parts.fileHash,
    source: parts.up.text,
    body: () => later().body(),
  }
}

/** What is computed on first use: of thousands of revisions few are looked into. */
class Later {
  readonly #parts: SqlRevisionParts
  #sections: Sections | undefined
  #checksum: string | undefined
  #options: RevisionOptions | undefined
  #body: RevisionBody | undefined

  constructor(parts: SqlRevisionParts) {
    this.#parts = parts
  }

  options(): RevisionOptions {
    if (this.#options !== undefined) return this.#options
    const { header, transactionOff, up } = this.#parts
    const off = transactionOff || (MAYBE_OFF.test(up.text) && this.#cut().transactionOff)
    this.#options = { transaction: off ? 'off' : 'on', ...header.options }
    return this.#options
  }

  checksum(): string {
    this.#checksum ??= this.#parts.checksum ?? upChecksum(this.#cut().up, this.#parts.lexical)
    return this.#checksum
  }

  body(): RevisionBody {
    if (this.#body !== undefined) return this.#body
    const { up, down } = this.#parts
    const sections = this.#cut()
    this.#body = {
      kind: 'sql',
      up: { file: up.file, blocks: sections.up },
      down: sections.down && { file: down?.file ?? up.file, blocks: sections.down },
    }
    return this.#body
  }

  #cut(): Sections {
    this.#sections ??= readSections(this.#parts)
    return this.#sections
  }
}

export interface CodeRevisionParts {
  readonly id: string
  readonly file: string | undefined
  readonly header: Header
  readonly fileHash: string | undefined
  readonly source: string | undefined
  readonly checksum: string | undefined
  load(): Promise<CodeBody>
}

/** A revision of code. Without a given checksum its source text is summed on first use. */
export function codeRevision(parts: CodeRevisionParts): Revision {
  const { id, file, header, fileHash, source } = parts
  let checksum = parts.checksum
  return {
    id,
    file,
    parents: header.parents,
    depends: header.depends,
    labels: header.labels,
    options: { transaction: 'on', ...header.options },
    get checksum() {
      if (source !== undefined) checksum ??= codeChecksum(source)
      return checksum
    },
    fileHash,
    source,
    body: () => ({ kind: 'code', load: () => parts.load() }),
  }
}

const MAYBE_OFF = /transaction:false|no[ -]?transaction/i

function readSections({ up, down, upOnly }: SqlRevisionParts): Sections {
  refuseLateHeader(up)
  const own = parseSections(up.text, up.file, !upOnly && down === undefined)
  if (own.down !== undefined && (upOnly || down !== undefined)) {
    throw new GodwitError('FILE.SECTION_INVALID', `${up.file} has a down section, but by its name it is only an up`, {
      why: 'One revision would have two downs, or a down that its tool never ran. Nothing of it was run.',
      where: { file: up.file },
    })
  }
  return down === undefined ? own : { ...own, down: blockOf(down.text, 1, false) }
}

/** A header below the first statement would be overlooked silently. */
function refuseLateHeader({ text, file }: ShownText): void {
  if (!text.includes('godwit:')) return
  const top = new Set([...headerLines(text)].map(line => line.number))
  for (const line of eachDashLine(text)) {
    if (top.has(line.number) || !/^--[ \t]*godwit:[ \t]*\w+=/.test(line.text)) continue
    throw fileError('FILE.HEADER_INVALID', file, line, 0, 'a header line stands below the first statement', LATE_HEADER)
  }
}

const LATE_HEADER =
  'Header lines count only above the first statement; this one would have no effect. Nothing of the file was run.'

function upChecksum(blocks: readonly SqlBlock[], lexical: LexicalRules | undefined): string {
  const text = blocks.map(block => block.text).join('\n')
  return lexical === undefined ? codeChecksum(text) : sqlChecksum(text, lexical)
}
