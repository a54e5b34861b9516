// Answers to "was it renamed?": given for all, in a file, or as comments in the wanted SQL.
import { GodwitError } from '../../core/error.ts'
import type { RenameCandidate } from './rename.ts'

/** `ask`: each needs an answer. `always`: every likely one is a rename. `never`: none is, unless an answer says so. */
export type RenamePolicy = 'ask' | 'always' | 'never'

/** One answer. Names as in a key, without its kind: `public.users.name`. */
export interface RenameAnswer {
  readonly kind: string
  readonly from: string
  readonly to: string
  /** False: the old one is dropped and the new one made. */
  readonly rename: boolean
}

export interface Decided {
  readonly renames: readonly RenameCandidate[]
  /** Likely, and nobody said. */
  readonly open: readonly RenameCandidate[]
}

export function decideRenames(
  candidates: readonly RenameCandidate[],
  answers: readonly RenameAnswer[],
  policy: RenamePolicy,
): Decided {
  const renames: RenameCandidate[] = []
  const open: RenameCandidate[] = []
  for (const candidate of candidates) {
    const answer = answers.find(answer => fits(answer, candidate))
    if (answer ? answer.rename : policy === 'always') renames.push(candidate)
    else if (!answer && policy === 'ask') open.push(candidate)
  }
  return { renames, open }
}

export function answerOf({ before, after }: RenameCandidate, rename: boolean): RenameAnswer {
  return { kind: before.kind, from: nameOf(before.key), to: nameOf(after.key), rename }
}

const fits = (answer: RenameAnswer, { before, after }: RenameCandidate): boolean =>
  answer.kind === before.kind && isName(answer.from, before.key) && isName(answer.to, after.key)

/** The usual schema need not be said: `users.name` names `public.users.name`. */
const isName = (name: string, key: string): boolean => nameOf(key) === name || nameOf(key).endsWith(`.${name}`)

const nameOf = (key: string): string => key.slice(key.indexOf(':') + 1)

/**
 * The file of `--answers`: `{ "renames": [{ "kind": "column", "from": "users.name", "to": "users.full_name", "rename": true }] }`.
 * @throws GodwitError SCHEMA.ANSWER_INVALID
 */
export function parseAnswers(text: string, file: string): RenameAnswer[] {
  const refuse = (what: string) =>
    new GodwitError('SCHEMA.ANSWER_INVALID', `${file}: ${what}`, {
      why: 'It is to be { "renames": [{ "kind": "column", "from": "users.name", "to": "users.full_name", "rename": true }] }. Nothing was compared.',
      where: { file },
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error))
  }
  const list = (value as { renames?: unknown } | null)?.renames
  if (!Array.isArray(list)) throw refuse('"renames" is not a list')
  return list.map((entry: unknown, index) => {
    const { kind, from, to, rename } = (entry ?? {}) as Record<string, unknown>
    if (typeof kind !== 'string' || typeof from !== 'string' || typeof to !== 'string' || typeof rename !== 'boolean') {
      throw refuse(`entry ${index + 1} lacks kind, from, to or rename`)
    }
    return { kind, from, to, rename }
  })
}

/** Comments of the wanted SQL: `-- godwit: rename column users.name to users.full_name`. */
export function annotatedAnswers(text: string): RenameAnswer[] {
  const found = text.matchAll(
    /^[ \t]*--[ \t]*godwit:[ \t]*rename[ \t]+([a-z]+)[ \t]+(\S+)[ \t]+to[ \t]+(\S+)[ \t]*$/gim,
  )
  return [...found].map(([, kind = '', from = '', to = '']) => ({
    kind: kind.toLowerCase(),
    from,
    to: qualified(from, to),
    rename: true,
  }))
}

/** `to full_name` after `users.name` means `users.full_name`. */
const qualified = (from: string, to: string): string =>
  to.includes('.') || !from.includes('.') ? to : `${from.slice(0, from.lastIndexOf('.'))}.${to}`
