// Where in a statement the server found a fault. It tells only the text that follows and the line: the place is taken
// from them where it is the only one that fits, else it stays unknown.

/** The server's `… near 'TEXT' at line N` (ER_PARSE_ERROR; N counts from the statement's first line). */
const NEAR = /near '([\s\S]*)' at line (\d+)$/

export interface Place {
  /** 0-based UTF-16 offset in the statement. */
  readonly offset: number | undefined
  /** The message without the text of what followed the statement in its message. */
  readonly message: string
}

/**
 * @param sql the statement that failed
 * @param after what followed it in the message
 */
export function syntaxPlace(message: string, sql: string, after: string): Place {
  const match = NEAR.exec(message)
  if (match === null) return { offset: undefined, message }
  const told = match[1] ?? ''
  const line = Number(match[2])
  if (told === '') return { offset: sql.length, message }
  const whole = sql + after
  // MariaDB shows that it cut the text after 80 characters; MySQL just cuts.
  const near = told.endsWith('...') && !whole.includes(told) ? told.slice(0, -3) : told
  let start = 0
  for (let at = 1; at < line; at++) {
    const newline = sql.indexOf('\n', start)
    if (newline < 0) return { offset: undefined, message }
    start = newline + 1
  }
  const newline = sql.indexOf('\n', start)
  const end = newline < 0 ? sql.length : newline
  const found: number[] = []
  for (let at = whole.indexOf(near, start); at >= 0 && at <= end; at = whole.indexOf(near, at + 1)) found.push(at)
  const [offset, ...others] = found
  if (offset === undefined || others.length > 0) return { offset: undefined, message }
  const shown = whole.slice(offset, Math.min(offset + near.length, sql.length))
  return { offset, message: `${message.slice(0, match.index)}near '${shown}' at line ${line}` }
}
