// npm run bench: ratios of godwit beside the plain client, the bare-driver floor and other tools, in one run.
// Not a test: nothing here fails because a machine is slow. `--quick` runs fewer and smaller rounds.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { planMerge } from '../../src/core/revision/merge.ts'
import { buildGraph } from '../../src/core/revision/graph.ts'
import { sqliteLexical } from '../../src/dialect/sqlite/index.ts'
import { directorySource } from '../../src/source/directory.ts'
import { install } from '../servers/install.ts'
import { makeBranches, makeHistory } from './history.ts'
import { type Contender, print, race, type Timing } from './measure.ts'
import { type BenchStore, floor, godwit, mariadbStore, postgresStore, root, sqliteStore } from './store.ts'

const quick = process.argv.includes('--quick')
const only = process.argv.find(argument => argument.startsWith('--only='))?.slice(7)
const node = process.execPath
const main = join(root, 'dist/cli/main.js')

async function start(): Promise<void> {
  const contenders: Contender[] = [
    { name: 'node -e 0', command: [node, '-e', '0'] },
    { name: 'godwit --version', command: [node, main, '--version'] },
  ]
  print('Start', await race(contenders, quick ? 10 : 40))
}

async function graph(): Promise<void> {
  const path = makeBranches(5_000, 50)
  for (const round of ['first', 'second', 'third']) {
    const began = performance.now()
    const revisions = await directorySource({ path, root: path }).load(sqliteLexical)
    const loaded = performance.now()
    const built = buildGraph(revisions)
    const { heads } = built
    const resolved = performance.now()
    try {
      planMerge(built)
    } catch {
      // One head: there is nothing to merge, which is the answer.
    }
    const checked = performance.now()
    const ms = (from: number, to: number) => `${(to - from).toFixed(0)} ms`
    process.stdout.write(
      `${round === 'first' ? '\nGraph: 5,000 revisions, 50 branches, in process\n' : ''}  ${round.padEnd(7)} load and hash ${ms(began, loaded)}, resolve ${ms(loaded, resolved)} (${heads.length} head), merge check ${ms(resolved, checked)}\n`,
    )
  }
}

async function applying(store: BenchStore): Promise<void> {
  const begin = store.name === 'sqlite' ? 'BEGIN IMMEDIATE' : 'BEGIN'
  const sizes = quick ? [10, 100] : [10, 100, 1000]
  const seen = new Map<string, Map<number, Timing>>()
  for (const size of sizes) {
    const { folder, script } = makeHistory(size, begin)
    const again = (contender: Contender): Contender => ({ ...contender, prepare: () => store.fresh('bench') })
    const contenders = [
      store.client('bench', script),
      floor(store, 'bench', folder),
      godwit(store, 'bench', folder),
      ...store.rivals('bench', folder),
    ]
    const rounds = size === 1000 ? 3 : quick ? 3 : 7
    const timings = await race(contenders.map(again), rounds, size < 1000)
    print(`Applying ${size} small revisions, ${store.name}, whole process`, timings)
    for (const timing of timings) seen.set(timing.name, (seen.get(timing.name) ?? new Map()).set(size, timing))
  }
  const [small, large] = [sizes[0] as number, sizes[sizes.length - 1] as number]
  const marginal = [...seen].map(([name, bySize]): Timing => {
    const per = (pick: 'min' | 'median') =>
      (((bySize.get(large) as Timing)[pick] - (bySize.get(small) as Timing)[pick]) * 1_000) / (large - small)
    return { name, min: per('min'), median: per('median') }
  })
  print(`Each further revision, ${store.name}`, marginal, 'µs')
}

async function nothingToDo(store: BenchStore): Promise<void> {
  const { folder } = makeHistory(10, 'BEGIN')
  await store.fresh('idle')
  await store.fresh('idle_floor')
  const contenders = [
    floor(store, 'idle_floor', folder),
    floor(store, 'idle_floor', 'bare'),
    godwit(store, 'idle', folder),
  ]
  const status: Contender = {
    name: 'godwit status',
    command: [node, main, 'status', '--url', store.url('idle'), '--migrations', folder],
  }
  const rivals = []
  for (const [index, rival] of store.rivals('idle_rival', folder).entries()) {
    // Each tool has a database of its own, since each keeps a table of its own there.
    const own = store.rivals(`idle_rival${index}`, folder)[index] as Contender
    await store.fresh(`idle_rival${index}`)
    rivals.push({ ...own, name: rival.name })
  }
  const timings = await race([...contenders, status, ...rivals], quick ? 5 : 15)
  print(`Nothing to do, 10 applied, ${store.name}, whole process`, timings)
}

async function growth(store: BenchStore): Promise<void> {
  const timings: Timing[] = []
  for (const size of [10, quick ? 1_000 : 5_000]) {
    const { folder } = makeHistory(size, 'BEGIN')
    const database = `grown${size}`
    await store.fresh(database)
    await store.fresh(`${database}_floor`)
    const stamp = spawnSync(node, [main, 'stamp', 'head', '--url', store.url(database), '--migrations', folder], {
      encoding: 'utf8',
    })
    if (stamp.status !== 0) throw new Error(stamp.stderr)
    await race([floor(store, `${database}_floor`, folder)], 1, false)
    const pair = await race(
      [floor(store, `${database}_floor`, folder), godwit(store, database, folder)],
      quick ? 5 : 11,
    )
    timings.push(...pair.map(timing => ({ ...timing, name: `${timing.name}, ${size} applied` })))
  }
  print(`Growth of the nothing-to-do check, ${store.name}`, timings)
}

const missing = await install('rivals')
if (missing) throw new Error(missing)
process.stdout.write(`godwit benchmark, Node ${process.versions.node}; ratios within one run, medians\n`)
await start()
await graph()
for (const make of [postgresStore, mariadbStore, sqliteStore]) {
  if (only && !make.name.startsWith(only)) continue
  const store = await make()
  try {
    await nothingToDo(store)
    await growth(store)
    await applying(store)
  } finally {
    await store.stop()
  }
}
