// What a statement is, from PostgreSQL's own parse tree, or from its first words where a text is too large to be
// parsed. `transactional` follows the server's PreventInTransactionBlock calls; what only the catalog knows
// (a procedure that commits, REINDEX of a partitioned table) is taken as transactional.
import type { StatementClass } from '../split.ts'

type Kind = StatementClass['kind']
type Node = Readonly<Record<string, unknown>>

const KINDS: Readonly<Record<string, Kind>> = {
  TransactionStmt: 'control',
  InsertStmt: 'dml',
  UpdateStmt: 'dml',
  DeleteStmt: 'dml',
  MergeStmt: 'dml',
  TruncateStmt: 'dml',
  SelectStmt: 'query',
  VariableShowStmt: 'query',
  FetchStmt: 'query',
  ExplainStmt: 'query',
  VariableSetStmt: 'session',
  ConstraintsSetStmt: 'session',
  DiscardStmt: 'session',
  ListenStmt: 'session',
  UnlistenStmt: 'session',
  NotifyStmt: 'session',
  PrepareStmt: 'session',
  DeallocateStmt: 'session',
  DeclareCursorStmt: 'session',
  ClosePortalStmt: 'session',
  LoadStmt: 'session',
  VacuumStmt: 'other',
  CheckPointStmt: 'other',
  DoStmt: 'other',
  CallStmt: 'other',
  ExecuteStmt: 'other',
  LockStmt: 'other',
}

/** `node` is a statement of the parse tree, `{ IndexStmt: {…} }`; `text` the statement itself. */
export function classify(node: Node, text: string): StatementClass {
  const [name = '', body = {}] = (Object.entries(node)[0] ?? []) as [string?, Node?]
  return {
    command: commandOf(text),
    kind: kindOf(name, body),
    transactional: isTransactional(name, body),
    rebuildsTable: false,
  }
}

/** The class by first words alone, for statements too large for the parser. */
export function classifyByWords(text: string): StatementClass {
  const command = commandOf(text)
  const first = command.split(' ')[0] ?? ''
  const words = WORD_KINDS[first] ?? 'ddl'
  return { command, kind: words, transactional: first !== 'VACUUM', rebuildsTable: false }
}

const WORD_KINDS: Readonly<Record<string, Kind>> = {
  INSERT: 'dml',
  UPDATE: 'dml',
  DELETE: 'dml',
  MERGE: 'dml',
  TRUNCATE: 'dml',
  COPY: 'dml',
  WITH: 'dml',
  SELECT: 'query',
  VALUES: 'query',
  TABLE: 'query',
  SHOW: 'query',
  EXPLAIN: 'query',
  SET: 'session',
  RESET: 'session',
  BEGIN: 'control',
  START: 'control',
  COMMIT: 'control',
  END: 'control',
  ROLLBACK: 'control',
  ABORT: 'control',
  SAVEPOINT: 'control',
  RELEASE: 'control',
  DO: 'other',
  CALL: 'other',
  VACUUM: 'other',
  ANALYZE: 'other',
}

function kindOf(name: string, body: Node): Kind {
  if (name === 'CopyStmt') return body['is_from'] === true ? 'dml' : 'query'
  if (name === 'SelectStmt') {
    if (body['intoClause'] !== undefined) return 'ddl'
    return changesData(body) ? 'dml' : 'query'
  }
  return KINDS[name] ?? (isTemporary(body) ? 'session' : 'ddl')
}

/** A temporary object lives in its session: what comes after it must not see it. */
function isTemporary(body: Node): boolean {
  const into = (body['into'] as Node | undefined)?.['rel']
  return [body['relation'], body['view'], body['sequence'], into].some(
    relation => (relation as Node | undefined)?.['relpersistence'] === 't' && body['cmds'] === undefined,
  )
}

/** WITH x AS (INSERT …) SELECT … */
function changesData(select: Node): boolean {
  const ctes = (select['withClause'] as Node | undefined)?.['ctes']
  if (!Array.isArray(ctes)) return false
  return ctes.some((entry: Node) => {
    const query = (entry['CommonTableExpr'] as Node | undefined)?.['ctequery'] as Node | undefined
    return query !== undefined && query['SelectStmt'] === undefined
  })
}

function isTransactional(name: string, body: Node): boolean {
  switch (name) {
    case 'IndexStmt':
    case 'DropStmt':
      return body['concurrent'] !== true
    case 'ReindexStmt':
      return !hasOption(body['params'], 'concurrently') && !WHOLE_REINDEX.has(String(body['kind']))
    case 'VacuumStmt':
      return body['is_vacuumcmd'] !== true
    case 'ClusterStmt':
      return body['relation'] !== undefined
    case 'RepackStmt':
      return false
    case 'AlterDatabaseStmt':
      return !hasOption(body['options'], 'tablespace')
    case 'CreatedbStmt':
    case 'DropdbStmt':
    case 'CreateTableSpaceStmt':
    case 'DropTableSpaceStmt':
    case 'AlterSystemStmt':
    case 'DropSubscriptionStmt':
      return false
    case 'CreateSubscriptionStmt':
      return isSwitchedOff(body['options'], 'connect') || isSwitchedOff(body['options'], 'create_slot')
    case 'AlterSubscriptionStmt':
      return !/REFRESH|PUBLICATION/.test(String(body['kind'])) || isSwitchedOff(body['options'], 'refresh')
    case 'AlterTableStmt':
      return !detachesConcurrently(body['cmds'])
    default:
      return true
  }
}

const WHOLE_REINDEX: ReadonlySet<string> = new Set([
  'REINDEX_OBJECT_SCHEMA',
  'REINDEX_OBJECT_SYSTEM',
  'REINDEX_OBJECT_DATABASE',
])

function option(list: unknown, name: string): Node | undefined {
  if (!Array.isArray(list)) return undefined
  const found = list.find((entry: Node) => (entry['DefElem'] as Node | undefined)?.['defname'] === name) as
    | Node
    | undefined
  return found?.['DefElem'] as Node | undefined
}

function hasOption(list: unknown, name: string): boolean {
  return option(list, name) !== undefined && !isSwitchedOff(list, name)
}

function isSwitchedOff(list: unknown, name: string): boolean {
  const value = option(list, name)?.['arg'] as Node | undefined
  if (value === undefined) return false
  const text = (value['String'] as Node | undefined)?.['sval']
  if (typeof text === 'string') return /^(?:false|off)$/i.test(text)
  const truth = value['Boolean'] as Node | undefined
  if (truth !== undefined) return truth['boolval'] !== true
  const number = value['Integer'] as Node | undefined
  return number !== undefined && (number['ival'] ?? 0) === 0
}

function detachesConcurrently(commands: unknown): boolean {
  if (!Array.isArray(commands)) return false
  return commands.some((entry: Node) => {
    const command = entry['AlterTableCmd'] as Node | undefined
    const partition = (command?.['def'] as Node | undefined)?.['PartitionCmd'] as Node | undefined
    return command?.['subtype'] === 'AT_DetachPartition' && partition?.['concurrent'] === true
  })
}

const MODIFIERS: ReadonlySet<string> = new Set(
  'OR REPLACE UNIQUE TEMP TEMPORARY GLOBAL LOCAL UNLOGGED CONSTRAINT RECURSIVE TRUSTED PROCEDURAL'.split(' '),
)
const TWO_WORDS =
  /^(?:MATERIALIZED VIEW|FOREIGN TABLE|FOREIGN DATA|EVENT TRIGGER|TEXT SEARCH|ACCESS METHOD|OPERATOR CLASS|OPERATOR FAMILY|USER MAPPING|DEFAULT PRIVILEGES|LARGE OBJECT)$/

/** First words for people: `CREATE TABLE`, `INSERT`; modifiers such as OR REPLACE are left out. */
export function commandOf(text: string): string {
  const head = text.slice(0, 400).replace(/--[^\n\r]*|\/\*[\s\S]*?\*\//g, ' ')
  const words = (head.match(/^\s*\(*\s*([A-Za-z_]+(?:\s+[A-Za-z_]+){0,5})/)?.[1] ?? '').toUpperCase().split(/\s+/)
  const first = words[0] ?? ''
  if (first !== 'CREATE' && first !== 'ALTER' && first !== 'DROP' && first !== 'REFRESH') return first
  const rest = words.slice(1).filter(word => !MODIFIERS.has(word))
  const pair = rest.slice(0, 2).join(' ')
  return `${first} ${TWO_WORDS.test(pair) ? pair : (rest[0] ?? '')}`.trim()
}
