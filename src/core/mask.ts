// Takes secrets out of text that people or machines will see: database URLs and the messages of drivers.
// Rather masks too much than too little; user names, hosts and database names stay readable.

const MASK = '***'
const SECRET_KEY =
  '[\\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|ssl[-_]?key|access[-_]?key|credentials?|signature)'
const SECRET_PAIR = new RegExp(`(^|[?&;\\s])(${SECRET_KEY})(\\s*=\\s*)('(?:[^'\\\\]|\\\\.)*'|"[^"]*"|[^&;\\s#]+)`, 'gi')
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i

/**
 * A database URL (or libpq `key=value` string, or path) with the password and secret-looking parameters as `***`.
 *
 * @example
 * maskUrl('postgres://app:s3cret@db/shop?sslkey=k') // 'postgres://app:***@db/shop?sslkey=***'
 */
export function maskUrl(url: string): string {
  const password = findPassword(url)
  const masked = password === undefined ? url : url.slice(0, password.start) + MASK + url.slice(password.end)
  return masked.replace(SECRET_PAIR, (_, before: string, key: string, equals: string) => before + key + equals + MASK)
}

/** The secrets of a URL as drivers may quote them, raw and decoded: what to give to {@link maskSecrets}. */
export function urlSecrets(url: string): readonly string[] {
  const secrets = new Set<string>()
  const add = (raw: string) => {
    secrets.add(raw)
    secrets.add(decode(raw))
  }
  const password = findPassword(url)
  if (password !== undefined) add(url.slice(password.start, password.end))
  for (const match of url.matchAll(SECRET_PAIR)) add((match[4] as string).replace(/^(['"])(.*)\1$/s, '$2'))
  secrets.delete('')
  return [...secrets]
}

/**
 * `text` with every secret as `***`, also in its URL-encoded form, and with every URL in it masked.
 * A secret shorter than four characters is masked only where it stands alone, or nothing would stay readable.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (secret === '') continue
    forms.add(secret)
    forms.add(encode(secret))
  }
  const urls = text.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s'"`<>]+/gi, maskUrl)
  if (forms.size === 0) return urls
  const longestFirst = [...forms].sort((a, b) => b.length - a.length)
  return urls.replace(new RegExp(longestFirst.map(asPattern).join('|'), 'gu'), MASK)
}

function asPattern(secret: string): string {
  const literal = secret.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  return secret.length < 4 ? `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])` : literal
}

/** Where the password of a URL stands. A password may hold `/`, `?` or `@` that its author forgot to encode. */
function findPassword(url: string): { start: number; end: number } | undefined {
  const scheme = SCHEME.exec(url)
  if (scheme === null) return undefined
  const from = scheme[0].length
  const colon = url.indexOf(':', from)
  if (colon < 0) return undefined
  const query = url.indexOf('?', from)
  let at = url.lastIndexOf('@', query < 0 ? url.length : query)
  // `host:5432/db?user=a@b` has a port there, not half a password.
  if (at < colon && !/^\d+(?:[/?#]|$)/.test(url.slice(colon + 1))) at = url.lastIndexOf('@')
  return at > colon ? { start: colon + 1, end: at } : undefined
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return text
  }
}
