// `npm run test:histories`: replays the histories of well-known projects (see replay.ts) and prints a table.
// Exits 1 on any difference. Arguments are parts of the names of histories; none = all. `--plain`: only the reference.
import { startSupervisor } from '../servers/supervisor.ts'
import { type History, readHistories } from './history.ts'
import { clientUnavailable } from './plain-client.ts'
import { type Result, replay, replayPlain } from './replay.ts'

const wanted = process.argv.slice(2).filter(argument => !argument.startsWith('-'))
const isPlain = process.argv.includes('--plain')
const stores = { pg: 'PostgreSQL', mysql: 'MariaDB', sqlite: 'SQLite' } as const

const cell = (text: string | undefined): string => (text === undefined ? '-' : text === 'ok' ? 'equal' : 'DIFFERS')

function row(result: Result): string {
  const { name, dialect, revisions, up, down, again, undone, milliseconds } = result
  const downs = undone === undefined ? '-' : `${cell(down)} (${undone})`
  const cells = [stores[dialect as keyof typeof stores], revisions, cell(up), downs, cell(again), milliseconds ?? '-']
  return [name.padEnd(22), ...cells.map((one, index) => String(one).padEnd(index === 3 ? 14 : 11))].join(' ').trimEnd()
}

async function one(history: History): Promise<boolean> {
  const missing = await clientUnavailable(history.dialect)
  if (missing) {
    console.log(`${history.name.padEnd(22)} NOT TESTED: ${missing}`)
    return true
  }
  if (isPlain) {
    const { stays, againFailed } = await replayPlain(history)
    console.log(`${history.name.padEnd(22)} stays at ${stays} ${againFailed ?? ''}`)
    return true
  }
  const result = await replay(history)
  console.log(row(result))
  const faults = [result.up, result.down, result.again].filter(text => text !== undefined && text !== 'ok')
  for (const fault of faults) console.log(`${fault}\n`)
  return faults.length === 0
}

const histories = readHistories().filter(({ name }) => wanted.length === 0 || wanted.some(part => name.includes(part)))
if (histories.length === 0) {
  console.error('NOT TESTED: no histories found (../shared/corpus/histories)')
  process.exit(wanted.length === 0 ? 0 : 1)
}
const supervisor = await startSupervisor()
let failures = 0
console.log('history                store       revisions   up          down (undone)  up again    ms')
for (const history of histories) {
  try {
    if (!(await one(history))) failures++
  } catch (error) {
    failures++
    console.log(`${history.name.padEnd(22)} FAILED: ${error instanceof Error ? error.message : String(error)}`)
  }
}
await supervisor.stop()
console.log(`\n${histories.length - failures} of ${histories.length} histories equal`)
process.exit(failures === 0 ? 0 : 1)
