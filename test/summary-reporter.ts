// Counts the tests of a vitest run and writes the counts to the file that GODWIT_TEST_SUMMARY_FILE names.
// A file that could not be loaded and an error outside of any test count as one failure each.
import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const totals = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      for (const test of tests) {
        const { state } = test.result()
        if (state === 'pending') totals.failed += 1
        else totals[state] += 1
      }
      const hasFailed = module.state() === 'failed' && !tests.some(test => test.result().state === 'failed')
      if (hasFailed) totals.failed += 1
    }
    const file = process.env.GODWIT_TEST_SUMMARY_FILE
    if (file) writeFileSync(file, JSON.stringify(totals))
  }
}
