// A process of its own for the lock tests: creates the journal, then `hold` takes the lease and waits to be killed,
// `race` waits for a sign and writes 40 revisions, taking and giving back the lease for each.
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
  const turns = 40
  console.log('"ready"')
  await new Promise(resolve => process.stdin.once('data', resolve))
  process.stdin.pause()
  for (let turn = 0; turn < turns; ) {
    const answer = await dialect.locker.acquire(session, { owner: `${owner}-${turn}`, holder: 'x', ttlMs: 60_000 })
    if (!answer.acquired) continue
    turn++
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
}
await session.close()
