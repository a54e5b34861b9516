// Reads a plain command line by itself: a verb, its words, flags as the help writes them. That is nearly every call of
// a program or a script, and it is spared commander, whose loading costs more than the reading of a folder. Promises
// the same answer as program.ts, which a test compares; whatever is not plain is left to that one, faults too.
import type { Variables } from '../config/variables.ts'
import { type Flags, readFlags } from './flags.ts'
import { isRivalPair, isVerb, operandsOf } from './operand.ts'
import type { OptionSpec } from './option.ts'
import { globalOptions, type Verb, verbs } from './verb.ts'

/**
 * The verb with its words and flags, or undefined where commander is to look.
 * @throws GodwitError CLI.USAGE_INVALID for variables that cannot be read
 */
export function readPlain(
  argv: readonly string[],
  variables: Variables,
): { readonly kind: 'verb'; readonly verb: Verb; readonly args: readonly string[]; readonly flags: Flags } | undefined {
  const operands = operandsOf(argv)
  if (!isVerb(operands[0]) || isRivalPair(operands)) return undefined
  const args: string[] = []
  const given: Record<string, unknown> = {}
  let verb: Verb | undefined
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '') return undefined
    if (!word.startsWith('-')) {
      if (verb === undefined) verb = verbs.find(({ name, aliases }) => name === word || aliases?.includes(word))
      else args.push(word)
      // Groups such as `lock`, and `complete`, which takes every word as it is.
      if (verb === undefined || verb.hidden) return undefined
      continue
    }
    const option = find(word, globalOptions) ?? find(word, verb?.options ?? [])
    if (option === undefined || option.flags.includes('--no-') || option.flags === '--color') return undefined
    const key = keyOf(option)
    if (!option.flags.includes('<')) {
      given[key] = true
      continue
    }
    const value = argv[++index]
    if (value === undefined || value === '' || value.startsWith('-')) return undefined
    given[key] = option.repeatable ? [...((given[key] as string[] | undefined) ?? []), value] : value
  }
  if (verb === undefined || !fits(args.length, verb)) return undefined
  return { kind: 'verb', verb, args, flags: readFlags(given, [...globalOptions, ...(verb.options ?? [])], variables) }
}

function find(word: string, options: readonly OptionSpec[]): OptionSpec | undefined {
  return options.find(({ flags }) => flags.split(/[ ,]+/).includes(word))
}

/** `-d, --lock-wait <duration>` → `lockWait`. */
function keyOf({ flags }: OptionSpec): string {
  const name = /--([a-z-]+)/.exec(flags)?.[1] ?? ''
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function fits(count: number, { arguments: named = [] }: Verb): boolean {
  const least = named.filter(({ name }) => name.startsWith('<')).length
  return count >= least && (count <= named.length || named.some(({ name }) => name.includes('...')))
}
