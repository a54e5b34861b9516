// From bytes to text and lines: UTF-8 only, BOM removed, line ends kept as they are.
// Refuses anything that is not UTF-8 and NUL characters, with the offset of the first wrong byte.
import { isUtf8 } from 'node:buffer'
import { type ErrorLocation, GodwitError } from '../error.ts'

/** One line of a text. `end` excludes the line end, `next` is where the following line starts. */
export interface Line {
  /** From 1. */
  readonly number: number
  readonly start: number
  readonly end: number
  readonly next: number
  readonly text: string
}

/** @throws FILE.ENCODING_INVALID with `meta.byteOffset` */
export function decodeText(bytes: Uint8Array, file: string): string {
  if (!isUtf8(bytes)) throw encodingError(bytes, file)
  // Valid UTF-8, but most servers end a statement there without a word.
  const nul = bytes.indexOf(0)
  if (nul !== -1) throw nulError(bytes, nul, file)
  return withoutMark(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
}

/** Without a byte order mark at its start. */
export function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/**
 * True when a text that was decoded as UTF-8 has the bytes it was decoded from, and no NUL. A decoder puts U+FFFD for
 * wrong bytes; a text that really holds one must be looked at as bytes, too.
 */
export function isSound(text: string): boolean {
  return !text.includes('\ufffd') && !text.includes('\0')
}

/** The lines of `text`. Ends are `\n`, `\r\n` or a lone `\r`. */
export function* eachLine(text: string): Generator<Line> {
  let start = 0
  let number = 1
  while (start < text.length) {
    const line = lineAt(text, start, number)
    yield line
    start = line.next
    number++
  }
}

const LINE_END = /\r\n|\n|\r/g

function lineAt(text: string, start: number, number: number): Line {
  LINE_END.lastIndex = start
  const found = LINE_END.exec(text)
  const end = found?.index ?? text.length
  return { number, start, end, next: found ? end + found[0].length : end, text: text.slice(start, end) }
}

/** Only the lines that begin with `--` (after blanks): cheap on large files, as all other lines are merely counted. */
export function* eachDashLine(text: string): Generator<Line> {
  const pattern = /^[ \t]*--/gm
  let counted = 0
  let number = 1
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const start = found.index
    number += countLineEnds(text, counted, start)
    counted = start
    // `^` also matches after U+2028 and U+2029, which end no line of SQL.
    if (start > 0 && text[start - 1] !== '\n' && text[start - 1] !== '\r') continue
    yield lineAt(text, start, number)
  }
}

function countLineEnds(text: string, from: number, to: number): number {
  let count = 0
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)) count++
  }
  return count
}

/** The line end a text uses first; `\n` when it has none. */
export function lineEndOf(text: string): string {
  return /\r\n|\n|\r/.exec(text)?.[0] ?? '\n'
}

function encodingError(bytes: Uint8Array, file: string): GodwitError {
  const offset = firstWrongByte(bytes)
  const utf16 =
    bytes.length > 1 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
  return new GodwitError('FILE.ENCODING_INVALID', `${file} is not UTF-8 text: byte ${offset} is wrong`, {
    why: utf16
      ? 'The file is UTF-16. Nothing of it was run.'
      : 'The file was saved in another encoding or is not text at all. Nothing of it was run.',
    next: [
      `iconv -f ${utf16 ? 'UTF-16' : 'WINDOWS-1252'} -t UTF-8 '${file}' > '${file}.utf8' && mv '${file}.utf8' '${file}'`,
    ],
    where: placeOf(bytes, offset, file),
    meta: { byteOffset: offset },
  })
}

function nulError(bytes: Uint8Array, offset: number, file: string): GodwitError {
  return new GodwitError('FILE.ENCODING_INVALID', `${file} holds a NUL character: byte ${offset} is 0`, {
    why: 'No SQL text holds one, and servers would run only what stands before it. Nothing of it was run.',
    next: [`tr -d '\\000' < '${file}' > '${file}.clean' && mv '${file}.clean' '${file}'`],
    where: placeOf(bytes, offset, file),
    meta: { byteOffset: offset },
  })
}

function placeOf(bytes: Uint8Array, offset: number, file: string): ErrorLocation {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, offset)
    .toString('utf8')
    .split(/\r\n|\n|\r/)
  return { file, line: lines.length, column: (lines.at(-1) as string).length + 1 }
}

/** Takes ever smaller bites that are valid; when not even one character is, the wrong byte is found. */
function firstWrongByte(bytes: Uint8Array): number {
  let at = 0
  for (;;) {
    let size = 65_536
    while (size > 0 && !isUtf8(bytes.subarray(at, at + size))) size = size > 4 ? size >> 1 : size - 1
    if (size === 0) return at
    at += size
  }
}
