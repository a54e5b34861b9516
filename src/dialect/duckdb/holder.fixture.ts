// A process of its own for the tests: opens the file, takes the lease, prints its process id and stays until it is
// killed or the time given is over.
import { duckdb } from './index.ts'

const [, , url, milliseconds] = process.argv
const dialect = duckdb(url ?? '')
const session = await dialect.open({ purpose: 'run' })
await dialect.journal.ensure(session)
await dialect.locker.acquire(session, { owner: 'other', holder: 'other', ttlMs: 3_600_000 })
console.log(process.pid)
await new Promise(resolve => setTimeout(resolve, Number(milliseconds)))
await session.close()
