// Names of databases, files and moments as people read them.
import { isAbsolute, relative, sep } from 'node:path'

/** A masked URL with the project's folder taken out of file paths: `sqlite:./app.db`. */
export function shownTarget(target: string, root: string): string {
  const match = /^([a-z+]+:)?(\/.*)$/.exec(target)
  if (match === null || match[2]?.startsWith('//')) return target
  const [file, query] = splitQuery(match[2] ?? '')
  const short = relative(root, file)
  if (short === '' || isAbsolute(short) || short.startsWith('..')) return target
  return `${match[1] ?? ''}./${short.split(sep).join('/')}${query}`
}

function splitQuery(path: string): [string, string] {
  const mark = path.indexOf('?')
  return mark < 0 ? [path, ''] : [path.slice(0, mark), path.slice(mark)]
}

/** A path below `folder` without it. */
export function shownFile(path: string, folder: string): string {
  const short = isAbsolute(path) ? relative(folder, path) : path
  return short === '' || isAbsolute(short) || short.startsWith(`..${sep}..${sep}..`) ? path : short
}

const two = (value: number): string => String(value).padStart(2, '0')

/** Local time to the minute: `2026-11-20 16:01`. The text as it is when it is no time. */
export function shownTime(iso: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** `1 revision`, `2 revisions`, `1,204 rows`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString('en-US')} ${value === 1 ? one : many}`
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function namesOf(names: readonly string[], most = 3): string {
  if (names.length === 0) return 'base'
  if (names.length === 1) return names[0] ?? ''
  if (names.length <= most) return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  return `${names.slice(0, most - 1).join(', ')} and ${names.length - most + 1} more`
}
