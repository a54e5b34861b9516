// Reads what a TypeScript or JavaScript revision says about itself without running it: the literal `parent`, `depends`,
// `label`, `transaction` … of its default export, or of `export const parent = …`. Only plain strings, numbers and lists
// of strings are understood; the rest is skipped, and the loader compares this with the real module before it runs.

export type LiteralValue = string | number | readonly string[]

export interface LiteralProperty {
  readonly key: string
  readonly value: LiteralValue
  /** Offsets of the value in the text. */
  readonly start: number
  readonly end: number
}

export interface CodeLiterals {
  readonly properties: readonly LiteralProperty[]
  /** Keys that are stated, but with a value that only running the code would tell. */
  readonly unread: readonly { readonly key: string; readonly start: number }[]
}

const KEYS = new Set([
  'parent',
  'depends',
  'label',
  'transaction',
  'lockTimeout',
  'statementTimeout',
  'phase',
  'irreversible',
])

interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'mark'
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The literal properties of a revision module. */
export function readLiterals(text: string): CodeLiterals {
  const tokens = eachToken(text)
  const found: (LiteralProperty | Unread)[] = []
  let previous: string[] = []
  let depth = 0
  let inObject = false
  for (let token = tokens.next(); !token.done; token = tokens.next()) {
    const { text: word, kind, start, end } = token.value
    if (depth === 0 && kind === 'word' && KEYS.has(word) && isNamedExport(previous)) {
      found.push({ key: word, start, ...readAssignment(text, end) })
    }
    if (kind === 'mark') {
      if (word === '{' && !inObject && opensRevision(previous)) {
        inObject = true
        found.push(...readObject(text, end))
      }
      if ('{(['.includes(word)) depth++
      else if ('})]'.includes(word)) depth--
    }
    previous = [...previous.slice(-5), word]
  }
  const properties = found.filter(item => 'value' in item)
  return { properties, unread: found.filter(item => !('value' in item)) }
}

interface Unread {
  readonly key: string
  readonly start: number
}

/** `export const`, `export let`, `exports.` */
function isNamedExport(previous: readonly string[]): boolean {
  const [a, b] = previous.slice(-2)
  return (a === 'export' && (b === 'const' || b === 'let' || b === 'var')) || (a === 'exports' && b === '.')
}

/** `defineRevision(`, `export default`, `module.exports =`, with the type arguments of a call left out. */
function opensRevision(previous: readonly string[]): boolean {
  const words = previous.join(' ')
  return /(?:^| )(?:defineRevision (?:< .*> )?\(|export default(?:(?: [\w$]+)? \()?|module \. exports =)$/.test(words)
}

/** Up to three tokens after `export const parent`: `= value`, with or without a type. */
function readAssignment(text: string, from: number) {
  const found = /^\s*(?::[^=\n]*)?=(?!=)/.exec(text.slice(from, from + 200))
  return found === null ? undefined : readValue(text, from + found[0].length)
}

/** The stated keys directly in the object whose `{` ends at `from`. */
function* readObject(text: string, from: number): Generator<LiteralProperty | Unread> {
  let depth = 0
  let atKey = true
  for (const token of eachToken(text, from)) {
    const { kind, text: word, start, end } = token
    if (depth === 0 && atKey && (kind === 'word' || kind === 'text')) {
      const key = kind === 'text' ? unquote(word) : word
      if (KEYS.has(key)) {
        const colon = /^\s*:/.exec(text.slice(end, end + 20))
        const value = colon === null ? undefined : readValue(text, end + colon[0].length)
        yield { key, start, ...value }
      }
    }
    if (kind === 'mark' && '{(['.includes(word)) depth++
    if (kind === 'mark' && '})]'.includes(word) && --depth < 0) return
    atKey = depth === 0 && word === ','
  }
}

/** A string, a number or a list of strings. */
function readValue(text: string, from: number): { value: LiteralValue; start: number; end: number } | undefined {
  const tokens = eachToken(text, from)
  const first = tokens.next()
  if (first.done) return undefined
  const { start } = first.value
  let end = first.value.end
  let value: LiteralValue
  if (first.value.kind === 'text') value = unquote(first.value.text)
  else if (first.value.kind === 'number') value = Number(first.value.text.replaceAll('_', ''))
  else if (first.value.text === '[') {
    const items: string[] = []
    for (const token of tokens) {
      end = token.end
      if (token.text === ']') break
      if (token.kind === 'text') items.push(unquote(token.text))
      else if (token.text !== ',') return undefined
    }
    value = items
  } else return undefined
  return endsValue(text, end) ? { value, start, end } : undefined
}

/** Nothing may follow that makes the value part of a longer expression. */
function endsValue(text: string, end: number): boolean {
  const next = eachToken(text, end).next()
  if (next.done) return true
  const { kind, text: word, start } = next.value
  return ',;})'.includes(word) || word === 'as' || (kind === 'word' && /[\n\r]/.test(text.slice(end, start)))
}

function unquote(token: string): string {
  return token
    .slice(1, -1)
    .replace(/\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|([\s\S]))/gi, (_, long, four, two, one) => {
      const hex = long ?? four ?? two
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
      return ESCAPES[one] ?? one
    })
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  0: '\0',
  '\n': '',
}

const SPACE = /(?:\s|\/\/[^\n\r]*)+/y
const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy
const NUMBER = /\d[\w.]*/y
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const REGEX = /\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y

/** A value can stand here, so that `/` starts a regular expression. */
const BEFORE_VALUE = /^(?:[(,=:[!&|?{};+\-*%<>~^]|return|typeof|case|in|of|await|yield)?$/

function* eachToken(text: string, from = 0): Generator<Token> {
  let at = from
  let previous = ''
  while (at < text.length) {
    const space = stickyEnd(SPACE, text, at)
    if (space > at) at = space
    if (at >= text.length) return
    if (text.startsWith('/*', at)) {
      const close = text.indexOf('*/', at + 2)
      at = close < 0 ? text.length : close + 2
      continue
    }
    const start = at
    const char = text[at] as string
    let kind: Token['kind'] = 'mark'
    let end = at + 1
    if (char === "'" || char === '"') {
      kind = 'text'
      end = stickyEnd(STRING, text, at)
    } else if (char === '`') {
      const template = templateEnd(text, at)
      end = template.end
      kind = template.plain ? 'text' : 'mark'
    } else if (char === '/' && BEFORE_VALUE.test(previous)) end = stickyEnd(REGEX, text, at)
    else if (stickyEnd(WORD, text, at) > at) {
      kind = 'word'
      end = stickyEnd(WORD, text, at)
    } else if (stickyEnd(NUMBER, text, at) > at) {
      kind = 'number'
      end = stickyEnd(NUMBER, text, at)
    }
    at = Math.max(end, start + 1)
    previous = text.slice(start, at)
    yield { kind, start, end: at, text: previous }
  }
}

function stickyEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** End of a template literal; `plain` when it has no `${…}`. */
function templateEnd(text: string, at: number): { end: number; plain: boolean } {
  let plain = true
  let next = at + 1
  while (next < text.length) {
    const char = text[next]
    if (char === '\\') next += 2
    else if (char === '`') return { end: next + 1, plain }
    else if (char === '$' && text[next + 1] === '{') {
      plain = false
      let depth = 1
      const inner = eachToken(text, next + 2)
      next = text.length
      for (const token of inner) {
        if (token.text === '{') depth++
        else if (token.text === '}' && --depth === 0) {
          next = token.end
          break
        }
      }
    } else next++
  }
  return { end: text.length, plain: false }
}
