// The tokens of a statement that is known to be well formed (manual 4.1): words in lower case as the server folds
// them, quoted names as they are stored, strings and everything else. Refuses nothing: it only reads.

export interface Token {
  /** `name`: in double quotes, `mark`: one character that is none of the others. */
  readonly kind: 'word' | 'name' | 'string' | 'mark'
  readonly text: string
}

const TOKEN =
  /(\s+|--[^\n\r]*)|"((?:[^"]|"")*)"|([eE]'(?:\\[\s\S]|''|[^'\\])*'|'(?:''|[^'])*')|(\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$)|([A-Za-z_\x80-\uffff][\w$\x80-\uffff]*)|([\s\S])/y

const UNICODE_NAME = /^u&"/i

/** @example tokensOf('DROP INDEX "By Total"').map(token => token.text) // ['drop', 'index', 'By Total'] */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    if (text.startsWith('/*', at)) {
      at = endOfComment(text, at)
      continue
    }
    if (UNICODE_NAME.test(text.slice(at, at + 3))) {
      // Its escapes depend on a UESCAPE behind it: a name that nothing here takes for one.
      tokens.push({ kind: 'mark', text: text.slice(at, at + 2) })
      at += 2
      continue
    }
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text) as RegExpExecArray
    const [all, blank, name, string, dollar, word, mark] = found
    at += all.length
    if (blank !== undefined) continue
    if (dollar !== undefined) {
      const end = text.indexOf(dollar, at)
      at = end < 0 ? text.length : end + dollar.length
      tokens.push({ kind: 'string', text: '' })
    } else if (name !== undefined) tokens.push({ kind: 'name', text: name.replaceAll('""', '"') })
    else if (string !== undefined) tokens.push({ kind: 'string', text: string })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.replace(/[A-Z]/g, one => one.toLowerCase()) })
    else tokens.push({ kind: 'mark', text: mark as string })
  }
  return tokens
}

/** Comments nest. */
function endOfComment(text: string, start: number): number {
  const mark = /\/\*|\*\//g
  mark.lastIndex = start
  let depth = 0
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return mark.lastIndex
  }
  return text.length
}
