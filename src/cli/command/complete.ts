// `godwit complete -- words`: what a completion script asks. Never fails: no answer is an answer, too.
import type { Command } from '../command.ts'
import { candidates } from '../completion/candidate.ts'

export const command: Command = async call => {
  const quietly = async (ask: () => Promise<readonly string[]>): Promise<readonly string[]> => {
    try {
      return await ask()
    } catch {
      return []
    }
  }
  const found = await candidates(call.args, {
    databases: () => quietly(async () => (await call.open({ offline: true })).godwit.databases),
    revisions: () =>
      quietly(async () => {
        const { godwit } = await call.open({ offline: true })
        const { databases } = await godwit.history({ offline: true })
        return [...new Set(databases.flatMap(database => database.revisions.map(revision => revision.id)))]
      }),
    environments: () => quietly(async () => (await import('../../config/environment.ts')).knownEnvironments),
  })
  const lines = found.map(({ value, text }) => (text === undefined ? value : `${value}\t${text}`))
  return { data: { candidates: found }, text: lines.map(line => `${line}\n`).join('') }
}
