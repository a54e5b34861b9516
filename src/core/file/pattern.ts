// Name patterns: `{yyyy}{MM}{dd}{HH}{mm}{ss}_{slug}`, `{unix}_{slug}`, `{n:3}_{slug}`. Read once, used both to write a
// name and to read the time or number back out of existing ones.
import { GodwitError } from '../error.ts'

/** Widths of the tokens with fixed digits. `SSS`: milliseconds. */
const WIDTHS = { yyyy: 4, MM: 2, dd: 2, HH: 2, mm: 2, ss: 2, SSS: 3, unix: 10 } as const

export type TimeToken = keyof typeof WIDTHS

/** A moment as the digits of a name: local to the zone, or `unix` seconds. */
export type Fields = Readonly<Partial<Record<TimeToken | 'n', number>>>

export interface NamePattern {
  readonly tokens: readonly (TimeToken | 'n' | 'slug')[]
  /** Digits of `{n:3}`; 0 when the pattern has no number. */
  readonly numberWidth: number
  write(fields: Fields, slug: string, numberWidth: number): string
  /** The fields of an existing name, or undefined when it was not made by this pattern. */
  read(id: string): (Fields & { readonly digits: string }) | undefined
}

const NAMED: Readonly<Record<string, string>> = {
  timestamp: '{yyyy}{MM}{dd}{HH}{mm}{ss}_{slug}',
  sequential: '{n:3}_{slug}',
}

/**
 * @param pattern `timestamp`, `sequential` or a template
 * @throws FILE.NAME_INVALID
 */
export function parsePattern(pattern: string): NamePattern {
  const template = NAMED[pattern] ?? pattern
  const parts = [...template.matchAll(/\{(\w+)(?::(\d))?\}|([^{}]+)|([{}])/g)]
  const tokens: (TimeToken | 'n' | 'slug')[] = []
  let numberWidth = 0
  for (const [whole, token, width, , brace] of parts) {
    if (brace !== undefined) throw invalid(pattern, `\`${brace}\` does not belong to a token.`)
    if (token === undefined) continue
    if (token !== 'n' && token !== 'slug' && !(token in WIDTHS)) throw invalid(pattern, `\`${whole}\` is no token.`)
    if (width !== undefined && token !== 'n') throw invalid(pattern, `\`${whole}\` takes no width.`)
    if (tokens.includes(token as TimeToken)) throw invalid(pattern, `\`${whole}\` is there twice.`)
    if (token === 'n') numberWidth = Math.max(1, Number(width ?? 1))
    tokens.push(token as TimeToken)
  }
  if (!tokens.includes('slug')) throw invalid(pattern, '`{slug}` is missing.')
  if (tokens.length === 1) throw invalid(pattern, 'A number or a time is missing.')
  if (/[/\\,"\p{Cc}]|^[.\s]|\s$/u.test(template))
    throw invalid(pattern, 'It holds characters that no file name or id may have.')
  const reader = readerOf(parts)
  return {
    tokens,
    numberWidth,
    write: (fields, slug, width) =>
      template.replace(/\{(\w+)(?::\d)?\}/g, (_, token: TimeToken | 'n' | 'slug') =>
        token === 'slug' ? slug : String(fields[token]).padStart(token === 'n' ? width : WIDTHS[token], '0'),
      ),
    read: id => {
      const groups = reader.exec(id)?.groups
      if (groups === undefined) return undefined
      const fields = Object.fromEntries(Object.entries(groups).map(([token, digits]) => [token, Number(digits)]))
      return { ...fields, digits: groups['n'] ?? '' }
    },
  }
}

/** Reads as far as the last number or time; what follows need not fit. */
function readerOf(parts: readonly RegExpMatchArray[]): RegExp {
  const last = parts.findLastIndex(part => part[1] !== undefined && part[1] !== 'slug')
  const sources = parts.slice(0, last + 1).map(([whole, token]) => {
    if (token === undefined) return whole.replace(/[\\^$.*+?()[\]|]/g, '\\$&')
    if (token === 'slug') return '.*?'
    return `(?<${token}>\\d${token === 'n' ? '{1,9}' : `{${WIDTHS[token as TimeToken]}}`})`
  })
  return new RegExp(`^${sources.join('')}(?!\\d)`, 'u')
}

function invalid(pattern: string, why: string): GodwitError {
  return new GodwitError('FILE.NAME_INVALID', `the name pattern ${JSON.stringify(pattern)} cannot be used`, {
    why: `${why} Valid: timestamp, sequential, or a template of {yyyy} {MM} {dd} {HH} {mm} {ss} {SSS} {unix} {n:3} and {slug}. Nothing was written.`,
  })
}
