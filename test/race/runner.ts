// One of two processes that race: gets ready, waits for the word, applies everything, says what it applied itself.
import { createRequire } from 'node:module'
import { makeDialect } from '../../src/config/store.ts'
import { makeGodwit } from '../../src/library/create.ts'
import { memorySource } from '../../src/source/memory.ts'
import { historyFor } from './history.ts'

const [kind, given] = process.argv.slice(2) as [Parameters<typeof makeDialect>[0], string]
const { live, ...settings } = JSON.parse(given)
if (live !== undefined) {
  // A driver that is not installed beside godwit: the application hands over its open database.
  const Database = createRequire(import.meta.url)(live.driver) as new (file: string) => object
  settings.database = new Database(live.file)
}
const dialect = await makeDialect(kind, settings)
const source = memorySource(historyFor(kind))
const rest = { naming: 'timestamp', timeZone: 'UTC', strictSequence: false, lock: { waitMs: 30_000, ttlMs: 30_000 } }
const databases = [{ name: 'main', dialect, source, ...rest }]
const godwit = makeGodwit({ environment: 'test', protected: false, root: '/', databases })

process.stdout.write('ready\n')
await new Promise(resolve => process.stdin.once('data', resolve))
process.stdin.pause()
const { error, databases: results } = await godwit.up()
const applied = results[0]?.steps.filter(step => step.state === 'applied').map(step => step.revision)
const answer = `${JSON.stringify({ applied, error: error && `${error.code} ${error.message}` })}\n`
// Node would wait for the parser's compilation to end.
process.stdout.write(answer, () => process.exit(error ? 1 : 0))
