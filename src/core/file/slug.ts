// The part of a file name that people read: made from the message of `godwit new`.
import { GodwitError } from '../error.ts'

const LONGEST = 60

/** Letters that Unicode does not take apart by itself. */
const FOLDED: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
  ŧ: 't',
}

/**
 * Lower case, accents removed, other letters kept, anything else one `_`; 60 characters at most.
 * @throws FILE.NAME_INVALID when no letter or digit is left
 * @example slugify('Größe: Add Index!') // 'grosse_add_index'
 */
export function slugify(message: string): string {
  const folded = message
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[ßæœøđðłþħıŧ]/g, letter => FOLDED[letter] as string)
  const slug = [...folded.replace(/[^\p{L}\p{M}\p{N}]+/gu, '_').replace(/^_/, '')]
    .slice(0, LONGEST)
    .join('')
    .replace(/_$/, '')
  if (slug !== '') return slug
  throw new GodwitError('FILE.NAME_INVALID', `the message ${JSON.stringify(message)} holds no letter or digit`, {
    why: 'The file name is made from the message. Nothing was written.',
    next: ['godwit new "add users"'],
  })
}
