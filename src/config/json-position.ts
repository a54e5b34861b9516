// Line and column of a value in JSON text, found by walking the text along a path of keys.
// Expects text that `JSON.parse` accepts.

export interface Position {
  readonly line: number
  readonly column: number
}

/** Line and column, both from 1, of an offset in a text. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n') }
}

/**
 * Where `path` leads in the text; `atKey`: to its last key instead of that key's value.
 * @example jsonPosition('{\n "a": 1 }', ['a'], true) // { line: 2, column: 2 }
 */
export function jsonPosition(text: string, path: readonly string[], atKey: boolean): Position | undefined {
  let at = 0
  const blank = (): void => {
    while (/\s/.test(text[at] ?? '')) at++
  }
  const string = (): string => {
    const start = at++
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    at++
    return JSON.parse(text.slice(start, at)) as string
  }
  const skip = (): void => {
    blank()
    if (text[at] === '"') {
      string()
      return
    }
    if (text[at] !== '{' && text[at] !== '[') {
      while (at < text.length && !/[\s,\]}]/.test(text[at] ?? '')) at++
      return
    }
    for (let depth = 0; at < text.length; ) {
      const char = text[at]
      if (char === '"') {
        string()
        continue
      }
      at++
      if (char === '{' || char === '[') depth++
      else if ((char === '}' || char === ']') && --depth === 0) return
    }
  }
  for (const [depth, key] of path.entries()) {
    blank()
    if (text[at] !== '{') return undefined
    at++
    // A key written twice counts as its last writing, as in JSON.parse.
    let foundKey = -1
    let foundValue = -1
    for (;;) {
      blank()
      if (text[at] !== '"') break
      const keyStart = at
      const name = string()
      blank()
      at++
      blank()
      if (name === key) {
        foundKey = keyStart
        foundValue = at
      }
      skip()
      blank()
      if (text[at] !== ',') break
      at++
    }
    if (foundValue < 0) return undefined
    at = foundValue
    if (depth === path.length - 1) return positionAt(text, atKey ? foundKey : foundValue)
  }
  return positionAt(text, at)
}
