// The help of godwit and of one verb: verbs first, then what they take, then an example to copy.
import type { OptionSpec } from './option.ts'
import { globalOptions, groups, type Verb, verbs } from './verb.ts'

const WIDTH = 34

const row = (left: string, right: string): string => {
  const margin = ' '.repeat(WIDTH)
  const lines = fold(right, 98 - WIDTH).join(`\n${margin}`)
  return left.length + 4 > WIDTH ? `  ${left}\n${margin}${lines}` : `  ${left}`.padEnd(WIDTH) + lines
}

function fold(text: string, width: number): string[] {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines
}

/** Verbs in the order in which a newcomer meets them. */
const chapters: readonly (readonly [string, readonly string[]])[] = [
  ['Start', ['init', 'new']],
  ['Run', ['up', 'down', 'stamp']],
  ['Look', ['status', 'current', 'history', 'heads', 'show', 'verify']],
  ['Schema', ['diff', 'drift', 'schema']],
  ['Branches', ['merge', 'rebase']],
  ['After trouble', ['repair', 'lock']],
  ['Shell', ['completion']],
]

/** `godwit --help`. */
export function generalHelp(): string {
  const lines = ['godwit: database migrations that tell the truth', '', 'Usage: godwit <verb> [words] [flags]']
  for (const [title, names] of chapters) {
    lines.push('', title)
    for (const name of names) {
      const verb = verbs.find(entry => entry.name === name)
      if (verb !== undefined) lines.push(row(usageOf(verb), verb.summary))
      else lines.push(row(`${name} ${nested(name).join('|')}`, groups[name] ?? ''))
    }
  }
  lines.push(
    '',
    'Flags of every verb',
    ...globalOptions.map(optionRow),
    row('-h, --help', 'this help; godwit up --help: help for one verb'),
    row('-v, --version', 'version of godwit'),
  )
  lines.push(
    '',
    'Each flag has a variable: --lock-wait is GODWIT_LOCK_WAIT. The URL is GODWIT_DATABASE_URL or DATABASE_URL.',
    'Exit codes: 0 done, 1 fault of godwit, 2 usage or precondition, 3 declined, 4 findings, 5 locked,',
    '6 failed and rolled back, 7 failed and left partial or not known, 130 and 143 stopped by a signal.',
  )
  return `${lines.join('\n')}\n`
}

/** `godwit up --help`. */
export function verbHelp(verb: Verb): string {
  const lines = [`godwit ${verb.name}: ${verb.summary}`, '', `Usage: godwit ${usageOf(verb)} [flags]`]
  if (verb.aliases?.length) lines.push(`Also called: ${verb.aliases.join(', ')}`)
  if (verb.arguments?.length)
    lines.push('', 'Words', ...verb.arguments.map(argument => row(argument.name, argument.summary)))
  if (verb.options?.length) lines.push('', 'Flags', ...verb.options.map(optionRow))
  lines.push('', 'Flags of every verb', ...globalOptions.map(optionRow), row('-h, --help', 'this help'))
  if (verb.examples.length > 0) lines.push('', 'Examples', ...verb.examples.map(example => `  ${example}`))
  return `${lines.join('\n')}\n`
}

/** `godwit lock --help`. */
export function groupHelp(group: string): string {
  const found = verbs.filter(verb => verb.name.startsWith(`${group} `))
  const lines = [
    `godwit ${group}: ${groups[group] ?? ''}`,
    '',
    `Usage: godwit ${group} ${nested(group).join('|')} [flags]`,
    '',
  ]
  return `${[...lines, ...found.map(verb => row(usageOf(verb), verb.summary))].join('\n')}\n`
}

const usageOf = (verb: Verb): string => [verb.name, ...(verb.arguments ?? []).map(argument => argument.name)].join(' ')

const nested = (group: string): string[] =>
  verbs.filter(verb => verb.name.startsWith(`${group} `)).map(verb => verb.name.slice(group.length + 1))

const optionRow = (option: OptionSpec): string =>
  row(
    option.flags.startsWith('-') && !option.flags.startsWith('--') ? option.flags : `    ${option.flags}`,
    option.summary,
  )
