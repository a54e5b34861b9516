// `npx jiti test/corpus/diff/run.ts [--store=postgres] [--source=sqldef-pg] [--only=words] [--part=1/2] [--reverse] [--show]`: tries the
// pairs of schemas of the corpus and prints how many come out equal. expected-red.json lists what is known to fail; a
// case of the list that passes fails the run, so that the list can only shrink. Needs the corpus beside the project.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startSupervisor } from '../../servers/supervisor.ts'
import { comparerFile } from '../history.ts'
import type { DiffStore, Pair } from './store.ts'
import { type Outcome, tryPair } from './try-pair.ts'

const folder = join(import.meta.dirname, '../../../../shared/corpus/diff')
const option = (name: string): string | undefined =>
  process.argv.find(argument => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
/** `--part=1/3`: every third pair, for runs beside each other. */
const [part = 1, parts = 1] = (option('part') ?? '1/1').split('/').map(Number)
/** `--reverse`: the other way round, which nobody wrote the cases for. */
const isReversed = process.argv.includes('--reverse')
const shows = process.argv.includes('--show')

async function storeFor(dialect: Pair['dialect']): Promise<DiffStore | undefined> {
  const name = { pg: 'postgres', mysql: 'mariadb', sqlite: 'sqlite' }[dialect]
  const asked = option('store')
  if (asked !== undefined && asked !== name) return undefined
  const file = join(import.meta.dirname, `${name}.ts`)
  return existsSync(file) ? ((await import(file)) as { store: DiffStore }).store : undefined
}

const isGreen = ({ failed, equal, empty, data }: Outcome): boolean =>
  failed === undefined && equal && empty && data !== 'lost'

if (!existsSync(folder) || !existsSync(comparerFile)) {
  console.error('NOT TESTED: the corpus (../shared/corpus) is not there')
  process.exit(0)
}
const supervisor = await startSupervisor()
const red = new Set(JSON.parse(readFileSync(join(import.meta.dirname, 'expected-red.json'), 'utf8')) as string[])
const sources = readdirSync(folder)
  .filter(name => name.endsWith('.jsonl'))
  .map(name => name.replace('.jsonl', ''))
  .filter(name => option('source') === undefined || name === option('source'))
const table: string[] = []
let unexpected = 0
for (const source of sources) {
  const pairs = readFileSync(join(folder, `${source}.jsonl`), 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Pair)
    .map(pair => (isReversed ? { ...pair, current: pair.desired, desired: pair.current } : pair))
    .filter(pair => pair.id.includes(option('only') ?? ''))
    .filter((_, index) => index % parts === part - 1)
  const [some] = pairs
  if (some === undefined) continue
  const store = await storeFor(some.dialect)
  if (store === undefined) continue
  const reason = await store.unavailable()
  if (reason !== undefined) {
    table.push(`${source.padEnd(20)} NOT TESTED: ${reason}`)
    continue
  }
  const outcomes: Outcome[] = []
  for (const pair of pairs) {
    if ((await store.fits?.(pair)) === false) continue
    const outcome = await tryPair(pair, store).catch(error => broken(pair, error))
    outcomes.push(outcome)
    const green = isGreen(outcome)
    if (shows) console.log(`\n== ${outcome.id}\n${outcome.statements.join(';\n')}`)
    if (green === red.has(pair.id)) unexpected++
    if (green && red.has(pair.id)) console.log(`GREEN  ${pair.id}: take it out of expected-red.json`)
    if (!green)
      console.log(`${red.has(pair.id) ? 'red   ' : 'FAILED'} ${pair.id}\n       ${outcome.first.join('\n       ')}`)
  }
  const count = (test: (outcome: Outcome) => boolean): string => String(outcomes.filter(test).length).padStart(8)
  table.push(
    `${source.padEnd(20)}${count(() => true)}${count(isGreen)}${count(one => one.equal)}${count(one => one.empty)}` +
      `${count(one => one.failed === undefined && one.data === 'kept')}${count(one => one.data === 'refused')}${count(one => one.order)}`,
  )
}
await supervisor.stop()
console.log('\nsource                 pairs   green   equal   empty    kept refused   order')
console.log(table.join('\n'))
console.log('green: applied, equal by the comparer, second diff empty, no row lost. refused: the test rows did not fit')
console.log(
  'the wanted schema, the server refused, and the pair was tried without rows. order: columns stand elsewhere.',
)
process.exit(unexpected === 0 ? 0 : 1)

function broken(pair: Pair, error: unknown): Outcome {
  const failed = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return {
    id: pair.id,
    failed,
    equal: false,
    order: false,
    empty: false,
    data: 'kept',
    first: [failed],
    statements: [],
  }
}
