// A section of SQL as units of work: each unit is done as a whole or not at all, or stands alone.
import { type ErrorLocation, GodwitError } from '../core/error.ts'
import type { Revision, SqlBlock, SqlSection } from '../core/revision/revision.ts'
import { sha256 } from '../core/checksum.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { SplitFailure, type SplitStatement } from '../dialect/split.ts'
import { locate } from './position.ts'

export interface PreparedStatement {
  readonly text: string
  readonly class: SplitStatement['class']
  /** Line of the file on which the statement starts. */
  readonly line: number
  /** Where in the file an offset inside the statement is. */
  locate(offset: number | undefined): ErrorLocation
}

/** The journal counts units: unit n is done, or begun, or not. */
export interface Unit {
  readonly statements: readonly PreparedStatement[]
  /** Runs in a transaction together with its journal row. Otherwise it has exactly one statement. */
  readonly transactional: boolean
  /** SHA-256 of the statements' text. */
  readonly hash: string
}

export interface Prepared {
  readonly statements: readonly PreparedStatement[]
  readonly units: readonly Unit[]
  /** The whole revision and its journal row are one transaction. */
  readonly atomic: boolean
}

/** A SQL section of a revision. @throws SQL.* RUN.DOWN_MISSING RUN.IRREVERSIBLE SQL.UNSUPPORTED */
export async function prepareSql(
  dialect: Dialect,
  revision: Pick<Revision, 'id' | 'options'>,
  section: SqlSection,
): Promise<Prepared> {
  const statements: PreparedStatement[] = []
  for (const block of section.blocks) statements.push(...(await splitBlock(dialect, section.file, block)))
  const transaction = revision.options.transaction === 'on' || statements.length === 0
  if (transaction) refuseControl(statements)
  const alone = (statement: PreparedStatement) => !dialect.capabilities.transactions || !statement.class.transactional
  const lonely = statements.find(alone)
  if (transaction && !lonely) {
    return { statements, units: [unit(statements, true)], atomic: true }
  }
  if (transaction && lonely && dialect.capabilities.transactionalDdl && statements.length > 1) {
    throw new GodwitError('SQL.TRANSACTION_FORBIDDEN', `${lonely.class.command} cannot run inside a transaction`, {
      why: `${revision.id} has ${statements.length} statements that would share one transaction. Nothing of it was run.`,
      next: [
        `put "-- godwit: transaction=off" at the top of ${section.file}`,
        `move the statement to a revision of its own: godwit new`,
      ],
      where: lonely.locate(0),
    })
  }
  return { statements: statements.filter(runs), units: cutUnits(statements, alone, shares(dialect)), atomic: false }
}

const runs = (statement: PreparedStatement) => statement.class.kind !== 'control'

async function splitBlock(dialect: Dialect, file: string, block: SqlBlock): Promise<PreparedStatement[]> {
  const sql = dialect.sql
  if (!sql) {
    throw new GodwitError('SQL.UNSUPPORTED', `${file}: ${dialect.name} runs no SQL`, {
      why: 'Revisions of this store are TypeScript. Nothing was run.',
      next: ['godwit new MESSAGE --ts'],
      where: { file, line: block.line },
    })
  }
  const place = (base: number, text: string) => (offset: number | undefined) => {
    // The database sees the trimmed statement; people see the file.
    const within = offset === undefined ? base : base + Math.min(offset, text.length)
    return locate(file, block.text, within, block.line)
  }
  if (block.whole) {
    const base = block.text.search(/\S/)
    if (base === -1) return []
    const text = block.text.trim()
    // A block marked as one statement is one for us, whatever is inside: the splitter only tells its kind.
    const [first] = await sql.split(text).catch(() => [])
    const kind = first?.class ?? { command: firstWords(text), kind: 'other', transactional: true, rebuildsTable: false }
    const at = place(base, text)
    return [{ text, class: kind, line: at(0).line as number, locate: at }]
  }
  const cut = await sql.split(block.text).catch((error: unknown) => {
    if (!(error instanceof SplitFailure)) throw error
    throw new GodwitError(error.code, error.message, {
      why: 'All revisions of a run are checked before the first of them is run. Nothing was changed.',
      next: error.next.length > 0 ? error.next : [`mend ${file}, then: godwit up`],
      where:
        error.offset === undefined ? { file, line: block.line } : locate(file, block.text, error.offset, block.line),
      cause: error,
    })
  })
  // Lines rise with the offsets, so one pass over the text serves all statements.
  let line = block.line
  let seen = 0
  return cut.map(statement => {
    for (
      let next = block.text.indexOf('\n', seen);
      next !== -1 && next < statement.offset;
      next = block.text.indexOf('\n', seen)
    ) {
      line++
      seen = next + 1
    }
    return { text: statement.text, class: statement.class, line, locate: place(statement.offset, statement.text) }
  })
}

function firstWords(text: string): string {
  return (text.match(/^\w+(\s+\w+)?/)?.[0] ?? 'SQL').toUpperCase()
}

function refuseControl(statements: readonly PreparedStatement[]): void {
  const control = statements.find(statement => !runs(statement))
  if (!control) return
  const where = control.locate(0)
  throw new GodwitError(
    'SQL.TRANSACTION_INSIDE',
    `${control.class.command} inside a revision: godwit begins and ends the transaction`,
    {
      why: 'It would end the transaction that holds the journal row, and a failure could not be rolled back. Nothing of this revision was run.',
      next: [
        `remove ${control.class.command} from ${where.file}`,
        'or put "-- godwit: transaction=off" at the top: then BEGIN … COMMIT groups are run and recorded one by one',
      ],
      where,
    },
  )
}

/** Kinds of statements that share a transaction with their journal row. A query that changes something cannot commit by itself. */
function shares(dialect: Dialect): ReadonlySet<string> {
  return new Set(dialect.capabilities.transactionalDdl ? ['dml', 'ddl', 'query'] : ['dml', 'ddl'])
}

/** With transaction=off the file's own BEGIN … COMMIT pairs make groups; every other statement is a unit. */
function cutUnits(
  statements: readonly PreparedStatement[],
  alone: (s: PreparedStatement) => boolean,
  sharing: ReadonlySet<string>,
): Unit[] {
  const units: Unit[] = []
  let group: PreparedStatement[] | undefined
  for (const statement of statements) {
    const word = runs(statement) ? '' : (statement.class.command.split(' ')[0] as string)
    if (word === 'BEGIN' || word === 'START') {
      if (group) throw unsupportedControl(statement)
      group = []
    } else if (word === 'COMMIT' || word === 'END') {
      if (group && group.length > 0) units.push(unit(group, true))
      group = undefined
    } else if (word !== '') {
      throw unsupportedControl(statement)
    } else if (group) {
      if (alone(statement)) throw unsupportedControl(statement)
      group.push(statement)
    } else {
      units.push(unit([statement], !alone(statement) && sharing.has(statement.class.kind)))
    }
  }
  if (group && group.length > 0) units.push(unit(group, true))
  return units
}

function unsupportedControl(statement: PreparedStatement): GodwitError {
  return new GodwitError('SQL.TRANSACTION_INSIDE', `${statement.class.command} cannot stand there`, {
    why: 'With transaction=off a file may group statements by BEGIN … COMMIT, and by nothing else. Nothing of this revision was run.',
    next: [`remove ${statement.class.command}`, 'move it outside of BEGIN … COMMIT'],
    where: statement.locate(0),
  })
}

function unit(statements: readonly PreparedStatement[], transactional: boolean): Unit {
  return {
    statements,
    transactional,
    get hash() {
      return sha256(statements.map(statement => statement.text).join(';\n'))
    },
  }
}
