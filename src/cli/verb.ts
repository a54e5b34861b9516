// Every verb of the command line as data: what it is called, takes and promises. The parser, the help, the shell
// completion and the environment variables are made from this one table.
import type { Command } from './command.ts'
import { command as status } from './command/status.ts'
import { command as up } from './command/up.ts'
import type { OptionSpec } from './option.ts'

export interface ArgumentSpec {
  /** `<message>` must be given, `[target]` need not. */
  readonly name: string
  readonly summary: string
  readonly completes?: 'revision' | 'shell'
}

export interface Verb {
  /** `up`, or `lock status` for a nested one. */
  readonly name: string
  readonly aliases?: readonly string[]
  readonly summary: string
  readonly arguments?: readonly ArgumentSpec[]
  readonly options?: readonly OptionSpec[]
  readonly examples: readonly string[]
  /** Not listed in the help. */
  readonly hidden?: boolean
  readonly load: () => Promise<{ readonly command: Command }>
}

/** Options of every verb. */
export const globalOptions: readonly OptionSpec[] = [
  {
    flags: '-d, --database <name>',
    summary: 'only this configured database (repeatable)',
    repeatable: true,
    completes: 'database',
  },
  { flags: '-e, --env <name>', summary: 'environment (default: development)', completes: 'environment' },
  { flags: '--url <url>', summary: 'database URL, instead of the configured one' },
  { flags: '--config <file>', summary: 'configuration file', completes: 'file' },
  { flags: '--migrations <dir>', summary: 'folder of the revisions', completes: 'folder' },
  { flags: '--json', summary: 'one JSON object on stdout; --json=stream: one per event' },
  { flags: '-y, --yes', summary: 'answer yes to questions; never consent to a protected environment' },
  { flags: '-q, --quiet', summary: 'only data and errors' },
  { flags: '--verbose', summary: 'tell more: configuration file, statements, causes' },
  { flags: '--color', summary: 'colours even in a pipe' },
  { flags: '--no-color', summary: 'no colours' },
]

const confirm: OptionSpec = {
  flags: '--confirm <name>',
  summary: 'consent to a protected environment, by its name',
  completes: 'environment',
}
const lockWait: OptionSpec = {
  flags: '--lock-wait <duration>',
  summary: 'how long to wait for another runner: 500ms, 30s, 2m',
}
const dialect: OptionSpec = { flags: '--dialect <name>', summary: 'kind of database, where nothing else tells it' }
const scratch: OptionSpec = {
  flags: '--scratch <url>',
  summary: 'server on which throw-away databases may be made',
}
const parallel: OptionSpec = { flags: '--parallel', summary: 'several databases at the same time' }

const runOptions: readonly OptionSpec[] = [
  { flags: '--dry-run', summary: 'run, then roll back; on a scratch database where the store cannot' },
  { flags: '--sql', summary: 'print the SQL instead of running it; no database is touched' },
  { flags: '--from <revision>', summary: 'with --sql: what is applied already', completes: 'revision' },
  parallel,
  lockWait,
  confirm,
]

export const verbs: readonly Verb[] = [
  {
    name: 'init',
    summary: 'set godwit up in this project',
    options: [],
    examples: ['godwit init', 'godwit init --yes --url sqlite:./app.db'],
    load: () => import('./command/init.ts'),
  },
  {
    name: 'new',
    aliases: ['generate'],
    summary: 'write a new revision file and print its path',
    arguments: [{ name: '<message...>', summary: 'what it does, in a few words' }],
    options: [
      { flags: '--sql', summary: 'a SQL revision (default where the store has SQL)' },
      { flags: '--ts', summary: 'a TypeScript revision' },
      {
        flags: '--parent <revision>',
        summary: 'follow this revision instead of the head (repeatable)',
        repeatable: true,
        completes: 'revision',
      },
      { flags: '--label <name>', summary: 'branch label (repeatable)', repeatable: true },
      {
        flags: '--depends <database:revision>',
        summary: 'needs a revision of another database first (repeatable)',
        repeatable: true,
      },
    ],
    examples: ['godwit new add invoices', 'godwit new backfill totals --ts'],
    load: () => import('./command/new.ts'),
  },
  {
    name: 'diff',
    summary: 'the SQL between two schemas, printed or written as a revision',
    arguments: [{ name: '[message...]', summary: 'writes a revision of that name' }],
    options: [
      { flags: '--from <schema>', summary: 'history (default), live, file:PATH, url:URL' },
      { flags: '--to <schema>', summary: 'the wanted schema, in the same forms' },
      dialect,
      { flags: '--sql', summary: 'print only the SQL' },
      { flags: '--renames <how>', summary: 'ask (default), always, never' },
      { flags: '--answers <file>', summary: 'answers to renames, as JSON', completes: 'file' },
      { flags: '--online', summary: 'forms that do not block writers' },
      scratch,
    ],
    examples: [
      'godwit diff add invoices --to file:schema.sql',
      'godwit diff --dialect postgres --from file:a.sql --to file:b.sql --sql',
    ],
    load: () => import('./command/diff.ts'),
  },
  {
    name: 'up',
    aliases: ['upgrade', 'migrate'],
    summary: 'apply what is pending',
    arguments: [{ name: '[target]', summary: 'revision, unique prefix, +n, head (default)', completes: 'revision' }],
    options: runOptions,
    examples: ['godwit up', 'godwit up +1', 'godwit up --dry-run', 'godwit up --sql > change.sql'],
    load: async () => ({ command: up }),
  },
  {
    name: 'down',
    aliases: ['downgrade', 'rollback'],
    summary: 'undo revisions, the last one by default',
    arguments: [{ name: '[target]', summary: 'revision to go back to, -n (default -1), base', completes: 'revision' }],
    options: runOptions,
    examples: ['godwit down', 'godwit down -2', 'godwit down base --dry-run'],
    load: () => import('./command/down.ts'),
  },
  {
    name: 'status',
    summary: 'what is applied and what is pending',
    options: [{ flags: '--check', summary: 'exit 4 when anything is pending or wrong' }],
    examples: ['godwit status', 'godwit status --check --quiet', 'godwit status --json'],
    load: async () => ({ command: status }),
  },
  {
    name: 'history',
    summary: 'the revisions, newest first',
    options: [
      { flags: '--graph', summary: 'draw branches and merges' },
      { flags: '--offline', summary: 'read files only' },
    ],
    examples: ['godwit history', 'godwit history --graph --offline'],
    load: () => import('./command/history.ts'),
  },
  {
    name: 'heads',
    summary: 'revisions that no other follows',
    examples: ['godwit heads'],
    load: () => import('./command/heads.ts'),
  },
  {
    name: 'current',
    summary: 'where each database is',
    examples: ['godwit current', 'godwit current --database main'],
    load: () => import('./command/current.ts'),
  },
  {
    name: 'show',
    summary: 'one revision: its statements and when it was applied',
    arguments: [{ name: '<revision>', summary: 'id or unique prefix', completes: 'revision' }],
    examples: ['godwit show 20261119101010_users', 'godwit show head'],
    load: () => import('./command/show.ts'),
  },
  {
    name: 'merge',
    summary: 'write a revision that joins several heads',
    arguments: [{ name: '[heads...]', summary: 'heads to join (default: all)', completes: 'revision' }],
    options: [{ flags: '-m, --message <text>', summary: 'name of the merge revision' }],
    examples: ['godwit merge', 'godwit merge -m "join billing and search"'],
    load: () => import('./command/merge.ts'),
  },
  {
    name: 'rebase',
    summary: 'put a branch that is not applied onto another head',
    arguments: [
      { name: '<branch>', summary: 'head or label of the branch that moves', completes: 'revision' },
      { name: '<onto>', summary: 'revision it is to follow', completes: 'revision' },
    ],
    examples: ['godwit rebase billing 20261119101010_users'],
    load: () => import('./command/rebase.ts'),
  },
  {
    name: 'stamp',
    summary: 'record revisions as applied without running them',
    arguments: [{ name: '<target>', summary: 'revision, head or base', completes: 'revision' }],
    options: [confirm],
    examples: ['godwit stamp head', 'godwit stamp 20261119101010_users'],
    load: () => import('./command/stamp.ts'),
  },
  {
    name: 'verify',
    summary: 'check that files, graph, checksums and journal agree',
    examples: ['godwit verify', 'godwit verify --json'],
    load: () => import('./command/verify.ts'),
  },
  {
    name: 'repair',
    summary: 'after a crash or an edited file: report, or put the journal right',
    options: [
      { flags: '--done', summary: 'statements in doubt were done: record them' },
      { flags: '--retry', summary: 'statements in doubt were not done: run them again with the next up' },
      { flags: '--accept-checksums', summary: 'the edited files are right: record their checksums' },
      { flags: '--forget-missing', summary: 'forget applied revisions that have no file' },
      { flags: '--restart', summary: 'forget what a partial revision has done, so that it starts over' },
      { flags: '--upgrade-journal', summary: 'bring the journal of an older godwit to this format' },
      confirm,
    ],
    examples: ['godwit repair', 'godwit repair --retry', 'godwit repair --accept-checksums'],
    load: () => import('./command/repair.ts'),
  },
  {
    name: 'drift',
    summary: 'what the database has that its history does not lead to',
    options: [
      { flags: '--accept <message>', summary: 'write the revision that explains it' },
      { flags: '--revert', summary: 'print the SQL that takes it back' },
      scratch,
    ],
    examples: ['godwit drift', 'godwit drift --accept "index added by hand"', 'godwit drift --revert > revert.sql'],
    load: () => import('./command/drift.ts'),
  },
  {
    name: 'schema dump',
    summary: 'a schema as SQL or JSON, in a stable order',
    options: [
      { flags: '--from <schema>', summary: 'live (default), history, file:PATH, url:URL' },
      { flags: '--format <name>', summary: 'sql (default) or json' },
      dialect,
      scratch,
    ],
    examples: ['godwit schema dump > schema.sql', 'godwit schema dump --from history --format json'],
    load: () => import('./command/schema-dump.ts'),
  },
  {
    name: 'schema erd',
    summary: 'tables and foreign keys as a drawing',
    options: [
      { flags: '--from <schema>', summary: 'live (default), history, file:PATH, url:URL' },
      { flags: '--format <name>', summary: 'mermaid (default) or svg' },
      dialect,
      scratch,
    ],
    examples: ['godwit schema erd > schema.mmd', 'godwit schema erd --from history --format svg > schema.svg'],
    load: () => import('./command/schema-erd.ts'),
  },
  {
    name: 'schema types',
    summary: 'TypeScript types of a schema',
    options: [
      { flags: '--from <schema>', summary: 'live (default), history, history:REVISION, file:PATH, url:URL' },
      dialect,
      scratch,
    ],
    examples: ['godwit schema types > src/schema.ts', 'godwit schema types --from history:20261119101010_users'],
    load: () => import('./command/schema-types.ts'),
  },
  {
    name: 'lock status',
    summary: 'who is running now',
    examples: ['godwit lock status'],
    load: () => import('./command/lock-status.ts'),
  },
  {
    name: 'lock break',
    summary: 'take the lock from a runner that is gone',
    options: [confirm],
    examples: ['godwit lock break --yes'],
    load: () => import('./command/lock-break.ts'),
  },
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    arguments: [{ name: '<shell>', summary: 'bash, zsh, fish or powershell', completes: 'shell' }],
    examples: ['godwit completion zsh > ~/.zfunc/_godwit', 'source <(godwit completion bash)'],
    load: () => import('./command/completion.ts'),
  },
  {
    name: 'complete',
    hidden: true,
    summary: 'what a shell can offer next',
    arguments: [{ name: '[words...]', summary: 'the words so far, the last one unfinished' }],
    examples: [],
    load: () => import('./command/complete.ts'),
  },
]

/** Verbs that hold others. */
export const groups: Readonly<Record<string, string>> = {
  lock: 'the lock that keeps two runners apart',
  schema: 'a schema, read from a database, a history or SQL',
}
