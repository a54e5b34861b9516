// From an offset in a text to line, column and the line itself, as people count them.
import type { ErrorLocation } from '../core/error.ts'

/** Longest source line shown with an error, in characters. */
const LINE_LIMIT = 200

/** @param firstLine line of the file on which `text` starts, from 1 */
export function locate(file: string, text: string, offset: number, firstLine: number): ErrorLocation {
  const at = Math.min(Math.max(offset, 0), text.length)
  let line = firstLine
  let start = 0
  for (let next = text.indexOf('\n'); next !== -1 && next < at; next = text.indexOf('\n', start)) {
    line++
    start = next + 1
  }
  const end = text.indexOf('\n', start)
  const whole = text.slice(start, end === -1 ? text.length : end).replace(/\r$/, '')
  const column = at - start + 1
  const shown = whole.length > LINE_LIMIT ? { column, text: undefined } : { column, text: whole }
  return { file, line, column: shown.column, ...(shown.text === undefined ? {} : { text: shown.text }) }
}
