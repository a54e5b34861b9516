// The histories of well-known projects end with godwit as they end with the plain client; see replay.ts.
// They live beside this project; without them there is nothing to run, and the table at the end says so.
import { describe, expect, it } from 'vitest'
import { record } from '../servers/databases.ts'
import { readHistories } from './history.ts'
import { clientUnavailable } from './plain-client.ts'
import { replay } from './replay.ts'

const histories = readHistories()
const subject = 'Real histories'
await record(histories.length === 0 ? { subject, reason: '../shared/corpus is not there' } : { subject })

describe.skipIf(histories.length === 0)('corpus/histories', () => {
  it.each(histories)('replays $name as the plain client does', { timeout: 300_000 }, async history => {
    const missing = await clientUnavailable(history.dialect)
    if (missing) throw new Error(`the client of ${history.dialect} is not installed: ${missing}`)
    const { up, down = 'ok', again = 'ok' } = await replay(history)
    expect({ up, down, again }).toEqual({ up: 'ok', down: 'ok', again: 'ok' })
  })
})
