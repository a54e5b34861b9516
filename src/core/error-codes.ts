// Every error code godwit can raise: one line each, with the exit code of the command line.
// docs/errors/<CODE>.md exists for each of them; a test keeps both equal.

interface CodeFacts {
  /** 2 usage or precondition · 3 declined · 4 findings · 5 lock not obtained · 6 rolled back · 7 left partial, or not known · 1 bug */
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6 | 7
  readonly summary: string
  /** What to do where the place of the error knows nothing better. */
  readonly next?: string
}

export const errorCodes = {
  // command line and configuration
  'CLI.USAGE_INVALID': { exit: 2, summary: 'The command line is not understood.', next: 'godwit --help' },
  'CLI.CONSENT_MISSING': { exit: 3, summary: 'The step needs consent that was not given.' },
  'CONFIG.FILE_MISSING': { exit: 2, summary: 'The configuration file does not exist.', next: 'godwit init' },
  'CONFIG.FILE_INVALID': {
    exit: 2,
    summary: 'The configuration file cannot be loaded or has wrong values.',
    next: 'mend the configuration file, then: godwit status',
  },
  'CONFIG.DATABASE_UNKNOWN': { exit: 2, summary: 'No database of that name is configured.', next: 'godwit status' },
  'CONFIG.ENVIRONMENT_UNKNOWN': {
    exit: 2,
    summary: 'No environment of that name is configured.',
    next: 'godwit status',
  },
  'CONFIG.URL_MISSING': {
    exit: 2,
    summary: 'No database URL was given.',
    next: 'set DATABASE_URL or give --url, then: godwit status',
  },
  'CONFIG.URL_INVALID': {
    exit: 2,
    summary: 'The database URL is not of a known form.',
    next: 'mend the database URL, then: godwit status',
  },
  'CONFIG.DRIVER_MISSING': { exit: 2, summary: 'The driver package of this database is not installed.' },
  'CONFIG.PROTECTED': { exit: 3, summary: 'The environment is protected and was not confirmed by name.' },
  // revision files
  'FILE.FOLDER_MISSING': { exit: 2, summary: 'The folder of the revisions does not exist.' },
  'FILE.NAME_INVALID': { exit: 2, summary: 'A file name does not follow a known pattern.' },
  'FILE.HEADER_INVALID': { exit: 2, summary: 'A godwit header line has an unknown or broken option.' },
  'FILE.SECTION_INVALID': { exit: 2, summary: 'The up and down markers of a file are out of order.' },
  'FILE.ENCODING_INVALID': { exit: 2, summary: 'A revision file is not UTF-8 text.' },
  'FILE.READ_FAILED': { exit: 2, summary: 'A revision file could not be read.', next: 'godwit status' },
  'FILE.EXISTS': { exit: 2, summary: 'The file to be written exists already.' },
  'FILE.WRITE_FAILED': {
    exit: 2,
    summary: 'A file could not be written.',
    next: 'make room or give this user the right to write, then repeat the command',
  },
  'FILE.MODULE_FAILED': {
    exit: 2,
    summary: 'A TypeScript or JavaScript revision could not be loaded.',
    next: 'mend the file, then: godwit status',
  },
  'FILE.MODULE_INVALID': {
    exit: 2,
    summary: 'A revision module does not export what a revision needs.',
    next: 'mend the file, then: godwit status',
  },
  // the graph
  'GRAPH.ID_DUPLICATE': { exit: 2, summary: 'Two files have the same revision id.' },
  'GRAPH.NUMBER_DUPLICATE': { exit: 2, summary: 'Two files have the same sequential number.' },
  'GRAPH.NUMBER_GAP': { exit: 2, summary: 'A sequential number is missing.' },
  'GRAPH.PARENT_UNKNOWN': { exit: 2, summary: 'A revision names a parent that does not exist.' },
  'GRAPH.DEPENDENCY_UNKNOWN': { exit: 2, summary: 'A revision depends on one that does not exist.' },
  'GRAPH.DEPENDENCY_PENDING': { exit: 2, summary: 'A revision of another database must be applied first.' },
  'GRAPH.CYCLE': { exit: 2, summary: 'Revisions are their own ancestors.' },
  'GRAPH.HEADS_MULTIPLE': { exit: 2, summary: 'The history has more than one head.' },
  'GRAPH.TARGET_UNKNOWN': { exit: 2, summary: 'The target names no revision.' },
  'GRAPH.TARGET_AMBIGUOUS': { exit: 2, summary: 'The target fits more than one revision.' },
  'GRAPH.TARGET_INVALID': { exit: 2, summary: 'The target cannot be reached in this direction.' },
  'GRAPH.MERGE_NEEDLESS': { exit: 2, summary: 'There is nothing to merge.' },
  'GRAPH.REBASE_APPLIED': { exit: 2, summary: 'Applied revisions cannot be moved.' },
  'GRAPH.REBASE_INVALID': { exit: 2, summary: 'The branch cannot be put onto that revision.' },
  // SQL text
  'SQL.SYNTAX_INVALID': {
    exit: 2,
    summary: 'The SQL text does not parse.',
    next: 'mend the statement, then: godwit up',
  },
  'SQL.TRANSACTION_INSIDE': {
    exit: 2,
    summary: 'The file controls transactions itself.',
    next: 'remove the statement, then: godwit up',
  },
  'SQL.CLIENT_COMMAND': {
    exit: 2,
    summary: 'The file holds commands of a client program, not SQL.',
    next: 'remove the line, then: godwit up',
  },
  'SQL.COPY_DATA': { exit: 2, summary: 'The file holds inline COPY data.' },
  'SQL.TRANSACTION_FORBIDDEN': { exit: 2, summary: 'A statement cannot run inside a transaction.' },
  'SQL.UNSUPPORTED': { exit: 2, summary: 'This store runs no SQL revisions.' },
  // connections
  'CONNECT.REFUSED': {
    exit: 2,
    summary: 'No server answers at that address.',
    next: 'check host and port of the database URL and that the server runs, then: godwit status',
  },
  'CONNECT.TIMEOUT': {
    exit: 2,
    summary: 'The server did not answer in time.',
    next: 'check host and port of the database URL and that the server runs, then: godwit status',
  },
  'CONNECT.AUTHENTICATION_FAILED': {
    exit: 2,
    summary: 'The server refused user name or password.',
    next: 'check user and password of the database URL, then: godwit status',
  },
  'CONNECT.DATABASE_MISSING': {
    exit: 2,
    summary: 'The database does not exist.',
    next: 'create the database or mend its name in the URL, then: godwit status',
  },
  'CONNECT.FILE_INVALID': {
    exit: 2,
    summary: 'The database file cannot be opened.',
    next: 'check the path of the database URL, then: godwit status',
  },
  'CONNECT.READ_ONLY': {
    exit: 2,
    summary: 'The database can only be read.',
    next: 'connect where this user may write, then: godwit up',
  },
  'CONNECT.LOST': { exit: 7, summary: 'The connection was lost during the run.', next: 'godwit status' },
  'CONNECT.POOLER': { exit: 2, summary: 'A pooler in transaction mode stands between godwit and the server.' },
  // lock
  'LOCK.HELD': { exit: 5, summary: 'Another runner holds the lock.', next: 'godwit lock status' },
  'LOCK.LOST': { exit: 6, summary: 'The lock was taken over by another runner.' },
  'LOCK.SURVIVOR': {
    exit: 5,
    summary: 'The connection of a former runner is still at work and could not be ended.',
  },
  'LOCK.NONE': { exit: 2, summary: 'There is no lock to break.' },
  // journal
  'JOURNAL.FORMAT_NEWER': { exit: 2, summary: 'A newer godwit wrote this database.' },
  'JOURNAL.FORMAT_OLDER': { exit: 2, summary: 'The journal was made by an older godwit and has to be upgraded.' },
  'JOURNAL.DAMAGED': { exit: 2, summary: 'The journal holds rows that godwit did not write.', next: 'godwit verify' },
  'JOURNAL.CHECKSUM_CHANGED': { exit: 2, summary: 'An applied revision file was edited.' },
  'JOURNAL.OTHER_PROJECT': { exit: 2, summary: 'The journal of this database belongs to another project.' },
  'JOURNAL.FILE_MISSING': { exit: 2, summary: 'An applied revision has no file.' },
  'JOURNAL.STEP_IN_DOUBT': { exit: 7, summary: 'A statement may or may not have been done.' },
  'JOURNAL.PARTIAL': { exit: 7, summary: 'A revision is partly applied.' },
  'JOURNAL.PARTIAL_EDITED': { exit: 7, summary: 'A partly applied revision was edited in its done part.' },
  'JOURNAL.NOT_INITIALISED': { exit: 2, summary: 'The database has no journal yet.' },
  // the run
  'RUN.STATEMENT_FAILED': { exit: 6, summary: 'A statement failed and its revision was rolled back.' },
  'RUN.STATEMENT_FAILED_PARTIAL': { exit: 7, summary: 'A statement failed after others of its revision were done.' },
  'RUN.LOCK_TIMEOUT': { exit: 6, summary: 'A statement waited too long for a lock.' },
  'RUN.STATEMENT_TIMEOUT': { exit: 6, summary: 'A statement ran longer than allowed.' },
  'RUN.DEADLOCK': { exit: 6, summary: 'The server chose the statement as a deadlock victim.' },
  'RUN.DISK_FULL': { exit: 6, summary: 'The disk is full.', next: 'make room on the disk, then: godwit up' },
  'RUN.PERMISSION_DENIED': {
    exit: 6,
    summary: 'The user lacks a privilege.',
    next: 'GRANT this user the missing privilege, then: godwit up',
  },
  'RUN.FOREIGN_KEY_BROKEN': { exit: 6, summary: 'The revision leaves rows without their parent.' },
  'RUN.CODE_FAILED': { exit: 6, summary: 'A TypeScript revision threw an error.' },
  'RUN.CODE_FAILED_PARTIAL': { exit: 7, summary: 'A TypeScript revision threw after some of its steps were done.' },
  'RUN.CODE_NOT_AWAITED': { exit: 6, summary: 'A TypeScript revision did not await one of its calls.' },
  'RUN.HOOK_FAILED': { exit: 6, summary: 'A hook threw an error.' },
  'RUN.DOWN_MISSING': { exit: 2, summary: 'A revision has no down.' },
  'RUN.IRREVERSIBLE': { exit: 2, summary: 'A revision is marked irreversible.' },
  'RUN.ABORTED': { exit: 6, summary: 'The run was stopped from outside.' },
  'RUN.NOT_VERIFIED': { exit: 7, summary: 'After the run the journal is not as planned.' },
  'RUN.DRY_RUN_UNSUPPORTED': { exit: 2, summary: 'This store can neither roll back nor give a scratch copy.' },
  'RUN.OFFLINE_UNSUPPORTED': { exit: 2, summary: 'The script cannot be printed without running it.' },
  'RUN.DATABASES_FAILED': { exit: 6, summary: 'Some databases of the run failed.' },
  // the schema
  'SCHEMA.PERMISSION_DENIED': { exit: 2, summary: 'The user may not read what the schema is told from.' },
  'SCHEMA.SOURCE_INVALID': { exit: 2, summary: 'What was to describe a schema cannot be read or is not known.' },
  'SCHEMA.LOAD_FAILED': { exit: 2, summary: 'The SQL of a schema does not load.' },
  'SCHEMA.EXTENSION_MISSING': { exit: 2, summary: 'The scratch database lacks an extension.' },
  'SCHEMA.SCRATCH_MISSING': { exit: 2, summary: 'No scratch database of the kind can be made here.' },
  'SCHEMA.UNSUPPORTED': { exit: 2, summary: 'Schemas of this store cannot be compared.' },
  'SCHEMA.DIALECT_MISSING': { exit: 2, summary: 'It is not known which kind of database the SQL is for.' },
  'SCHEMA.DIALECT_MIXED': { exit: 2, summary: 'The two schemas are of different kinds of database.' },
  'SCHEMA.RENAME_UNANSWERED': { exit: 2, summary: 'Something may have been renamed, and nobody said so.' },
  'SCHEMA.ANSWER_INVALID': { exit: 2, summary: 'The answers to renames do not fit.' },
  'SCHEMA.DRIFTED': { exit: 4, summary: 'The database is not what its history leads to.' },
  'SCHEMA.CHANGES_CIRCULAR': { exit: 2, summary: 'Changes need each other in a circle.' },
  // reads and library
  'VERIFY.FINDINGS': { exit: 4, summary: 'Files, graph and journal do not agree.' },
  'STATUS.PENDING': { exit: 4, summary: 'Revisions are pending.' },
  'START.REFUSED': { exit: 2, summary: 'Migrating at start is not allowed here.' },
  // Chroma
  'CHROMA.REQUEST_FAILED': { exit: 6, summary: 'The Chroma server refused a request.' },
  'CHROMA.COLLECTION_MISSING': { exit: 6, summary: 'The collection does not exist.' },
  'CHROMA.COLLECTION_EXISTS': { exit: 6, summary: 'The collection exists already.' },
  'CHROMA.NAME_RESERVED': { exit: 6, summary: 'Collections whose name starts with godwit_ belong to godwit.' },
  'CHROMA.RECORD_EXISTS': { exit: 6, summary: 'A record to be added exists already.' },
  'CHROMA.RECORD_MISSING': { exit: 6, summary: 'A record to be changed does not exist.' },
  'CHROMA.RECORD_INVALID': { exit: 6, summary: 'A record lacks what Chroma needs, or has values it would lose.' },
  'CHROMA.COPY_INCOMPLETE': { exit: 6, summary: 'A copied collection does not have the records it should have.' },
  'INTERNAL.BUG': { exit: 1, summary: 'godwit broke one of its own rules.' },
} as const satisfies Record<string, CodeFacts>

/** What usually helps against an error of this code. */
export function usualRemedy(code: ErrorCode): string | undefined {
  return (errorCodes[code] as CodeFacts | undefined)?.next
}

/** `AREA.SUBJECT_STATE`; the closed list of all codes. */
export type ErrorCode = keyof typeof errorCodes
