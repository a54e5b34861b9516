// Runs in vitest's main process before and after all tests. Servers start when a test first asks for one;
// GODWIT_TEST_SERVERS=all starts them before the first test.
import { writeFileSync } from 'node:fs'
import { betterSqlite3 } from './databases.ts'
import { startSupervisor } from './supervisor.ts'

export default async function setup(): Promise<() => Promise<void>> {
  const supervisor = await startSupervisor()
  if (process.env.GODWIT_TEST_SERVERS === 'all') {
    const names = ['postgres', 'mariadb', 'chroma'] as const
    const driver = await betterSqlite3()
    if ('folder' in driver) process.env.GODWIT_TEST_BETTER_SQLITE3 = driver.folder
    const answers = await Promise.all(names.map(supervisor.server))
    for (const [index, answer] of answers.entries()) {
      if ('url' in answer) process.env[`GODWIT_TEST_${names[index]?.toUpperCase()}`] = answer.url
    }
  }
  return async () => {
    await supervisor.stop()
    const file = process.env.GODWIT_TEST_COVERAGE_FILE
    if (file) writeFileSync(file, JSON.stringify([...supervisor.coverage.values()]))
  }
}
