// A process of its own for the lock tests: `ensure` creates the journal, `hold` takes the lease and is then killed,
// `race` applies one revision per turn while it holds the lease. Prints one line of JSON.
import type { DriverName } from './driver/driver.ts'
import { sqlite } from './index.ts'

const [, , task, url, owner, driver] = process.argv
const dialect = sqlite({ url: url ?? '', driver: driver as DriverName })
const session = await dialect.open({ purpose: 'run' })
await dialect.journal.ensure(session)
if (task === 'hold') {
  const answer = await dialect.locker.acquire(session, { owner: owner ?? '', holder: 'x', ttlMs: 3_600_000 })
  console.log(JSON.stringify(answer))
  await new Promise(resolve => setTimeout(resolve, 60_000))
}
if (task === 'race') {
  let won = 0
  for (let turn = 0; turn < 20; turn++) {
    const answer = await dialect.locker.acquire(session, { owner: `${owner}-${turn}`, holder: 'x', ttlMs: 60_000 })
    if (!answer.acquired) continue
    won++
    const { applied } = await dialect.journal.read(session)
    await dialect.journal.write(session, answer.fence, [
      {
        type: 'applied',
        id: `r${applied.length + 1}`,
        checksum: undefined,
        fileHash: undefined,
        source: undefined,
        startedAtMs: Date.now(),
        statements: 1,
        kind: 'applied',
        appliedBy: owner ?? '',
        tool: '0',
        run: 'x',
      },
    ])
    await dialect.locker.release(session, answer.fence)
  }
  console.log(JSON.stringify({ won }))
}
await session.close()
