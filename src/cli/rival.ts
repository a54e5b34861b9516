// Verbs that people know from other tools. None of them runs anything: the answer is the godwit command that does the
// same, so that a habit cannot do something else than what was meant.
import { GodwitError } from '../core/error.ts'

interface Rival {
  readonly next: readonly string[]
  readonly note?: string
}

const up: Rival = { next: ['godwit up'] }
const upOne: Rival = { next: ['godwit up +1'] }
const downOne: Rival = { next: ['godwit down'] }
const create: Rival = { next: ['godwit new MESSAGE'] }
const status: Rival = { next: ['godwit status'] }
const history: Rival = { next: ['godwit history'] }
const current: Rival = { next: ['godwit current'] }
const verify: Rival = { next: ['godwit verify'] }
const stamp: Rival = { next: ['godwit stamp TARGET'] }
const redo: Rival = { next: ['godwit down -1', 'godwit up'] }
const dev: Rival = {
  next: ['godwit new MESSAGE', 'godwit up'],
  note: 'godwit writes and applies in two steps, so that a file can be read before it runs.',
}
const empty: Rival = {
  next: ['godwit down base', 'godwit down base --dry-run'],
  note: 'godwit has no verb that empties a database. Undoing every revision is the nearest, and it can be tried before.',
}
const goTo: Rival = { next: ['godwit up TARGET', 'godwit down TARGET'] }
const repair: Rival = { next: ['godwit repair'] }

/** Keys are normalised: `migrate:latest`, `migrate latest` and `migrate-latest` are one. */
const rivals: Readonly<Record<string, Rival>> = {
  deploy: up,
  latest: up,
  apply: up,
  run: up,
  execute: up,
  push: up,
  sync: up,
  'db push': up,
  'db migrate': up,
  'db up': up,
  'db update': up,
  'database update': up,
  'migrate deploy': up,
  'migrate latest': up,
  'migrate up': up,
  'migrate run': up,
  'migrate apply': up,
  'migration run': up,
  'migration up': up,
  'migrations migrate': up,
  'schema apply': up,
  'up by one': upOne,
  next: upOne,
  undo: downOne,
  revert: downOne,
  'db rollback': downOne,
  'migrate rollback': downOne,
  'migrate down': downOne,
  'migrate undo': downOne,
  'migration revert': downOne,
  'migration down': downOne,
  'db migrate undo': downOne,
  create,
  make: create,
  add: create,
  revision: create,
  'migrate make': create,
  'migrate create': create,
  'migrate new': create,
  'migration create': create,
  'migration new': create,
  'migration add': create,
  'migration generate': create,
  'migrations add': create,
  'migrate generate': create,
  'generate migration': create,
  'generate sql': create,
  dev,
  watch: dev,
  'migrate dev': dev,
  info: status,
  list: status,
  pending: status,
  'migrate status': status,
  'migrate list': status,
  'migration list': status,
  'migration show': status,
  'migration status': status,
  'db migrate status': status,
  log: history,
  branches: history,
  graph: { next: ['godwit history --graph'] },
  'migrate history': history,
  version: { next: ['godwit current', 'godwit --version'] },
  'migrate version': current,
  'migrate current': current,
  currentversion: current,
  validate: verify,
  check: { next: ['godwit verify', 'godwit status --check'] },
  'migrate validate': verify,
  'migrate check': verify,
  baseline: stamp,
  force: stamp,
  'migrate force': stamp,
  'migrate resolve': { next: ['godwit repair', 'godwit stamp TARGET'] },
  resolve: { next: ['godwit repair', 'godwit stamp TARGET'] },
  'migration repair': repair,
  'migrate fix': repair,
  fix: repair,
  redo,
  'migrate redo': redo,
  'db migrate redo': redo,
  goto: goTo,
  to: goTo,
  'migrate goto': goTo,
  'migrate to': goTo,
  'up to': { next: ['godwit up TARGET'] },
  'down to': { next: ['godwit down TARGET'] },
  clean: empty,
  reset: empty,
  drop: empty,
  wipe: empty,
  fresh: empty,
  'migrate reset': empty,
  'migrate fresh': empty,
  'db reset': empty,
  'db drop': empty,
  'schema drop': empty,
  unlock: { next: ['godwit lock status', 'godwit lock break'] },
  'migrate unlock': { next: ['godwit lock status', 'godwit lock break'] },
  'migrate free lock': { next: ['godwit lock status', 'godwit lock break'] },
  'release locks': { next: ['godwit lock status', 'godwit lock break'] },
  'list locks': { next: ['godwit lock status'] },
  wait: { next: ['godwit status'], note: 'godwit up waits for another runner by itself (--lock-wait).' },
}

const normal = (word: string): string => word.toLowerCase().replace(/[:_-]+/g, ' ')

/**
 * The answer to a rival's verb, or undefined when the words are none.
 * @param operands arguments without flags: verb first
 */
export function rivalVerb(operands: readonly string[]): GodwitError | undefined {
  const [first, second] = operands
  if (first === undefined) return undefined
  const pair = second === undefined ? undefined : `${normal(first)} ${normal(second)}`
  const key = [pair, normal(first)].find(words => words !== undefined && Object.hasOwn(rivals, words))
  const found = key === undefined ? undefined : rivals[key]
  if (found === undefined) return undefined
  const shown = key === pair ? `${first} ${second}` : first
  return new GodwitError(
    'CLI.USAGE_INVALID',
    `"${shown}" is a verb of other tools; in godwit it is: ${found.next[0] ?? ''}`,
    {
      why: `${found.note === undefined ? '' : `${found.note} `}Nothing was run.`,
      next: found.next,
      meta: { verb: shown },
    },
  )
}
