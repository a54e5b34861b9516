// Is there anything to run in a stretch of SQL? Works for every dialect, so it is careful: `#` lines count as text.

/** True when `text` holds only blanks, `--` lines, plain block comments and lone semicolons. */
export function isBlankSql(text: string): boolean {
  return firstStatementOffset(text) === text.length
}

/** Offset of the first thing that is neither blank nor comment; the length of the text when there is none. */
export function firstStatementOffset(text: string): number {
  let at = 0
  for (;;) {
    TEXT.lastIndex = at
    const found = TEXT.exec(text)
    if (found === null) return text.length
    at = found.index
    const end = commentEnd(text, at)
    if (end === undefined) return at
    at = end
  }
}

const TEXT = /[^\s;]/g
const LINE_END = /[\n\r]/g

function commentEnd(text: string, at: number): number | undefined {
  if (text.startsWith('--', at)) {
    LINE_END.lastIndex = at
    return LINE_END.exec(text)?.index ?? text.length
  }
  // `/*!`, `/*M!` and `/*+` are code to MySQL.
  if (!text.startsWith('/*', at) || /^(?:[!+]|M!)/.test(text.slice(at + 2, at + 4))) return undefined
  const end = text.indexOf('*/', at + 2)
  return end < 0 ? undefined : end + 2
}
