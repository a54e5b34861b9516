// `npx jiti test/corpus/diff/round-trip.ts [name…]`: the schema that each PostgreSQL history of the corpus leads to is
// read, written into an empty database and read again; both must be equal, by godwit and by the independent comparer.
import { planChanges } from '../../../src/schema/change/plan.ts'
import { diffSnapshots } from '../../../src/schema/diff/diff.ts'
import { startSupervisor } from '../../servers/supervisor.ts'
import { readHistories } from '../history.ts'
import { loadComparer } from '../plain-client.ts'
import { store } from './postgres.ts'
import { rendererOf, snapshotOf } from './try-pair.ts'

const wanted = process.argv.slice(2)
const histories = readHistories().filter(
  ({ dialect, name }) => dialect === 'pg' && (wanted.length === 0 || wanted.some(part => name.includes(part))),
)
if (histories.length === 0) console.error('NOT TESTED: no histories found (../shared/corpus/histories)')
const supervisor = await startSupervisor()
let failures = 0
for (const history of histories) {
  const pair = { id: history.name, dialect: 'pg', current: '', desired: '', roles: [], servers: [] } as const
  const [source, copy] = [await store.fresh(pair), await store.fresh(pair)]
  const problems: string[] = []
  for (const sql of [history.prelude, ...history.migrations.map(({ up }) => up)]) {
    const failure = sql.trim() === '' ? undefined : await store.load(source, sql)
    if (failure !== undefined) problems.push(`does not load: ${failure.message}`)
  }
  const renderer = await rendererOf(copy.dialect)
  const [from, empty] = [await snapshotOf(source.dialect), await snapshotOf(copy.dialect)]
  const plan = planChanges(diffSnapshots(empty, from), empty, from, renderer)
  const failure = await store.apply(copy, plan.statements)
  if (failure !== undefined) problems.push(failure.message)
  const { fingerprint, compare } = await loadComparer()
  const { differences } = compare(await fingerprint(copy.connection), await fingerprint(source.connection))
  for (const { cat, key, a, b } of differences) if (cat !== 'columnorder') problems.push(`${key}: ${a} <> ${b}`)
  const left = diffSnapshots(await snapshotOf(copy.dialect), from)
  problems.push(
    ...left.map(change => `${change.type} ${change.type === 'create' ? change.after.key : change.before.key}`),
  )
  if (problems.length > 0) failures++
  console.log(
    `${history.name.padEnd(24)} ${String(from.objects.length).padStart(5)} objects  ${problems.length === 0 ? 'equal' : 'DIFFERS'}`,
  )
  for (const problem of problems.slice(0, 5)) console.log(`    ${problem}`)
  if (from.notCompared.length > 0) console.log(`    not compared: ${JSON.stringify(from.notCompared)}`)
  await source.dispose()
  await copy.dispose()
}
await supervisor.stop()
process.exit(failures === 0 ? 0 : 1)
