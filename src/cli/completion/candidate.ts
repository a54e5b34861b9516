// What can follow the words typed so far, from the table of verbs. Names that only the project knows are asked for.
import { longName } from '../flags.ts'
import type { OptionSpec } from '../option.ts'
import { globalOptions, groups, type Verb, verbs } from '../verb.ts'
import { shells } from './script.ts'

export interface Candidate {
  readonly value: string
  readonly text?: string
}

/** Names of this project; each may be asked for at most once. */
export interface Names {
  databases(): Promise<readonly string[]>
  revisions(): Promise<readonly string[]>
  environments(): Promise<readonly string[]>
}

/**
 * @param words after `godwit`; the last one is unfinished and may be empty
 */
export async function candidates(words: readonly string[], names: Names): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const { verb, group, operands } = readWords(before)
  const options = [...(verb?.options ?? []), ...globalOptions]
  const waiting = options.find(option => option.flags.includes('<') && spellings(option).includes(before.at(-1) ?? ''))
  const glued = /^(--[a-z-]+)=(.*)$/.exec(current)
  if (waiting !== undefined) return starting(current, await values(waiting.completes, names))
  if (glued !== null) {
    const option = options.find(entry => spellings(entry).includes(glued[1] ?? ''))
    const found = glued[1] === '--json' ? [{ value: 'stream' }] : await values(option?.completes, names)
    return starting(
      current,
      found.map(entry => ({ ...entry, value: `${glued[1]}=${entry.value}` })),
    )
  }
  if (current.startsWith('-'))
    return starting(
      current,
      options.map(option => ({ value: optionName(option), text: option.summary })),
    )
  if (verb === undefined) return starting(current, group === undefined ? firstWords() : secondWords(group))
  const position = Math.min(operands.length, (verb.arguments?.length ?? 0) - 1)
  return starting(current, await values(verb.arguments?.[position]?.completes, names))
}

function readWords(words: readonly string[]): {
  verb: Verb | undefined
  group: string | undefined
  operands: readonly string[]
} {
  const valued = new Set(
    [...globalOptions, ...verbs.flatMap(verb => verb.options ?? [])]
      .filter(option => option.flags.includes('<'))
      .flatMap(spellings),
  )
  const plain: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (valued.has(word)) index++
    else if (!word.startsWith('-') || /^-\d/.test(word)) plain.push(word)
  }
  const [first, second] = plain
  if (first !== undefined && Object.hasOwn(groups, first)) {
    const verb = verbs.find(entry => entry.name === `${first} ${second ?? ''}`)
    return { verb, group: first, operands: plain.slice(2) }
  }
  const verb = verbs.find(entry => entry.name === first || entry.aliases?.includes(first ?? ''))
  return { verb, group: undefined, operands: plain.slice(1) }
}

const spellings = (option: OptionSpec): string[] => option.flags.split(/[ ,]+/).filter(part => part.startsWith('-'))

const optionName = (option: OptionSpec): string =>
  option.flags.includes('--no-') ? `--no-${longName(option)}` : `--${longName(option)}`

function firstWords(): Candidate[] {
  const own = verbs
    .filter(verb => !verb.hidden && !verb.name.includes(' '))
    .map(verb => ({ value: verb.name, text: verb.summary }))
  return [...own, ...Object.entries(groups).map(([value, text]) => ({ value, text }))]
}

function secondWords(group: string): Candidate[] {
  return verbs
    .filter(verb => verb.name.startsWith(`${group} `))
    .map(verb => ({ value: verb.name.slice(group.length + 1), text: verb.summary }))
}

async function values(kind: string | undefined, names: Names): Promise<readonly Candidate[]> {
  const plain = (list: readonly string[]): Candidate[] => list.map(value => ({ value }))
  switch (kind) {
    case 'database':
      return plain(await names.databases())
    case 'environment':
      return plain(await names.environments())
    case 'revision':
      return plain([...(await names.revisions()).toReversed(), 'head', 'base'])
    case 'shell':
      return plain(shells)
    case 'file':
      return [{ value: ':files' }]
    case 'folder':
      return [{ value: ':folders' }]
    default:
      return []
  }
}

function starting(current: string, found: readonly Candidate[]): readonly Candidate[] {
  return found.filter(entry => entry.value.startsWith(':') || entry.value.startsWith(current))
}
