// The last words when code that godwit ran ended the process: there is no time left but for one write.
import { writeSync } from 'node:fs'
import { GodwitError } from '../core/error.ts'
import { makeStyle } from './style.ts'
import { errorView } from './view/error.ts'

/** Writes the error in the form that was asked for and gives the exit code. */
export function endedByCode(argv: readonly string[]): number {
  const error = new GodwitError(
    'RUN.CODE_FAILED_PARTIAL',
    'the process was ended in the middle of the run, by process.exit() in a revision, a hook or the configuration',
    {
      why: 'What was not committed is rolled back by the store; where each statement is committed by itself, a revision may be half done. The lock stays until it expires.',
      next: ['godwit status', 'remove process.exit() from the code, then: godwit up'],
    },
  )
  const text = JSON.stringify({ ok: false, command: argv.find(word => !word.startsWith('-')) ?? '', error })
  if (argv.some(word => word.startsWith('--json'))) writeSync(1, `${text}\n`)
  else writeSync(2, errorView(error, makeStyle({ write: () => {} }, {}, false)))
  return error.exitCode
}
