// Reads the command line with commander: from the table of verbs to one chosen verb with its words and flags.
// Every fault becomes a GodwitError; nothing is printed and nothing is run here.
import { Command, CommanderError, Option } from 'commander'
import { didYouMean, nearest } from '../config/nearest.ts'
import type { Variables } from '../config/variables.ts'
import { GodwitError } from '../core/error.ts'
import { type Flags, readFlags } from './flags.ts'
import { generalHelp, groupHelp, verbHelp } from './help.ts'
import { rivalVerb } from './rival.ts'
import { isRivalPair, isVerb, operandsOf } from './operand.ts'
import type { OptionSpec } from './option.ts'
import { globalOptions, groups, type Verb, verbs } from './verb.ts'

export type Parsed =
  | { readonly kind: 'verb'; readonly verb: Verb; readonly args: readonly string[]; readonly flags: Flags }
  /** Help or version that was asked for. */
  | { readonly kind: 'text'; readonly text: string }

/**
 * @throws GodwitError CLI.USAGE_INVALID
 */
export async function parseCommandLine(
  argv: readonly string[],
  version: string,
  variables: Variables,
): Promise<Parsed> {
  const operands = operandsOf(argv)
  const rival = isVerb(operands[0]) && !isRivalPair(operands) ? undefined : rivalVerb(operands)
  if (rival !== undefined && !argv.includes('--help') && !argv.includes('-h')) throw rival
  let chosen: Parsed | undefined
  let text = ''
  const program = buildProgram(version, (verb, args, given) => {
    chosen = {
      kind: 'verb',
      verb,
      args,
      flags: readFlags(given, [...globalOptions, ...(verb.options ?? [])], variables),
    }
  })
  const capture = { writeOut: (part: string) => void (text += part), writeErr: () => {}, outputError: () => {} }
  for (const command of [program, ...allCommands(program)]) command.exitOverride().configureOutput(capture)
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv.map(jsonMode), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { kind: 'text', text }
    throw usageError(error, program, operands)
  }
  if (chosen === undefined)
    throw new GodwitError('CLI.USAGE_INVALID', 'No verb was given.', { next: ['godwit --help'] })
  return chosen
}

/** `--json` takes no separate value, so that `godwit status --json main` cannot eat a word. */
function jsonMode(word: string): string {
  if (word === '--json=stream') return '--json-stream'
  if (word === '--json=object') return '--json'
  return word
}

type Choose = (verb: Verb, args: readonly string[], given: Record<string, unknown>) => void

export function buildProgram(version: string, choose: Choose): Command {
  const program = new Command('godwit')
    .description('Database migrations that tell the truth.')
    .version(version, '-v, --version', 'version of godwit')
    .helpOption('-h, --help', 'help, also for one verb: godwit up --help')
    .helpCommand('help [verb]', 'help for a verb')
    .configureHelp({ formatHelp: generalHelp })
  for (const option of globalOptions) program.addOption(toOption(option))
  program.addOption(new Option('--json-stream').hideHelp())
  const parents = new Map<string, Command>()
  for (const verb of verbs) {
    const [first, second] = verb.name.split(' ') as [string, string | undefined]
    let parent = program
    if (second !== undefined) {
      parent =
        parents.get(first) ??
        program
          .command(first)
          .description(groups[first] ?? '')
          .configureHelp({ formatHelp: () => groupHelp(first) })
      parents.set(first, parent)
    }
    const command = parent.command(second ?? first, { hidden: verb.hidden === true }).description(verb.summary)
    if (verb.hidden) command.allowUnknownOption().passThroughOptions(false)
    command.configureHelp({ formatHelp: () => verbHelp(verb) }).aliases([...(verb.aliases ?? [])])
    for (const argument of verb.arguments ?? []) command.argument(argument.name, argument.summary)
    for (const option of verb.options ?? []) command.addOption(toOption(option))
    command.action((...rest: unknown[]) => {
      const words = rest
        .slice(0, -2)
        .flat()
        .filter((word): word is string => typeof word === 'string')
      choose(verb, words, command.optsWithGlobals())
    })
  }
  return program
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.summary)
  // Written out: a variadic flag of commander would also take the words that follow.
  if (spec.repeatable)
    option.argParser((value: string, before: unknown) => [...(Array.isArray(before) ? before : []), value])
  if (spec.flags.startsWith('--no-')) option.default(undefined)
  return option
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap(child => [child, ...allCommands(child)])
}

/** What commander found wrong, in our words and with our suggestion. */
function usageError(error: CommanderError, program: Command, operands: readonly string[]): GodwitError {
  const said = error.message.replace(/^error: /, '').split('\n')[0] ?? ''
  const quoted = /'([^']*)'/.exec(said)?.[1] ?? ''
  const verb = operands.find(word => isVerb(word))
  const help = verb === undefined ? 'godwit --help' : `godwit ${verb} --help`
  const nothing = 'Nothing was run.'
  const usage = (message: string, why = nothing, next: readonly string[] = [help]): GodwitError =>
    new GodwitError('CLI.USAGE_INVALID', message, { why, next })
  switch (error.code) {
    case 'commander.unknownOption': {
      const command = program.commands.find(child => child.name() === verb || child.aliases().includes(verb ?? ''))
      const names = [program, ...(command === undefined ? [] : [command, ...command.commands])].flatMap(owner =>
        owner.options.filter(option => !option.hidden).map(option => option.long ?? ''),
      )
      const bare = quoted.split('=')[0] ?? quoted
      const where = verb === undefined ? 'godwit' : `godwit ${verb}`
      return usage(`${where} has no flag ${bare}.${didYouMean(bare, [...names, '--help'])}`)
    }
    case 'commander.unknownCommand': {
      const meant = nearest(quoted, verbNames())
      const message = `godwit has no verb "${quoted}".${didYouMean(quoted, verbNames())}`
      return usage(message, nothing, meant === undefined ? ['godwit --help'] : [`godwit ${meant}`, 'godwit --help'])
    }
    case 'commander.missingArgument':
      return usage(`godwit ${verb ?? ''} needs ${quoted === '' ? 'one more word' : `<${quoted}>`}.`)
    case 'commander.excessArguments':
      return usage(`There are too many words after godwit ${verb ?? ''}.`)
    case 'commander.optionMissingArgument':
      return usage(`The flag ${quoted.split(/[ ,]/).find(part => part.startsWith('--')) ?? quoted} needs a value.`)
    case 'commander.help':
      return usage(
        `godwit ${verb ?? ''} needs a verb: ${(program.commands.find(child => child.name() === verb)?.commands ?? []).map(child => child.name()).join(' or ')}.`,
      )
    default:
      return usage(`${said.charAt(0).toUpperCase()}${said.slice(1).replace(/\.$/, '')}.`)
  }
}

/** First words of all verbs that are listed, with their aliases. */
export function verbNames(): string[] {
  return [
    ...new Set(
      verbs.filter(verb => !verb.hidden).flatMap(verb => [verb.name.split(' ')[0] ?? '', ...(verb.aliases ?? [])]),
    ),
  ]
}
