// The answer of verbs that write files: the paths on stdout, one on a line, and a word about each on stderr.
import { isAbsolute, resolve } from 'node:path'
import type { WriteResult } from '../engine/result.ts'
import type { Call, Outcome } from './command.ts'
import { namesOf, shownFile } from './view/place.ts'

/** @param root folder that the file names of the result start from */
export function writeOutcome(call: Call, result: WriteResult, root: string): Outcome {
  const path = (file: string): string => shownFile(isAbsolute(file) ? file : resolve(root, file), call.io.cwd)
  for (const entry of result.written)
    call.note(`${entry.id} follows ${entry.parents.length === 0 ? 'nothing: it is a base' : namesOf(entry.parents)}`)
  return { data: result, text: result.written.map(entry => `${path(entry.file)}\n`).join('') }
}
