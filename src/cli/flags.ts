// The flags of one call, typed. A flag that was not given is taken from its GODWIT_ variable, if that is set.
import { GodwitError } from '../core/error.ts'
import type { Variables } from '../config/variables.ts'
import { parseDuration } from './duration.ts'
import type { OptionSpec } from './option.ts'

export interface Flags {
  readonly database?: readonly string[]
  readonly env?: string
  readonly url?: string
  readonly config?: string
  readonly migrations?: string
  readonly json?: boolean
  readonly yes?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly color?: boolean
  readonly dryRun?: boolean
  readonly sql?: boolean
  readonly ts?: boolean
  readonly from?: string
  readonly to?: string
  readonly dialect?: string
  readonly scratch?: string
  readonly renames?: string
  readonly answers?: string
  readonly online?: boolean
  readonly format?: string
  readonly accept?: string
  readonly revert?: boolean
  readonly parallel?: boolean
  readonly lockWait?: string
  readonly confirm?: string
  readonly parent?: readonly string[]
  readonly label?: readonly string[]
  readonly depends?: readonly string[]
  readonly check?: boolean
  readonly graph?: boolean
  readonly offline?: boolean
  readonly message?: string
  readonly done?: boolean
  readonly retry?: boolean
  readonly acceptChecksums?: boolean
  readonly forgetMissing?: boolean
  readonly restart?: boolean
  readonly upgradeJournal?: boolean
}

/** `--lock-wait <duration>` → `lock-wait`; `--no-color` → `color`. */
export function longName(option: OptionSpec): string {
  return (/--(?:no-)?([a-z-]+)/.exec(option.flags)?.[1] ?? '') as string
}

const camel = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** The variable of a flag: `--lock-wait` → `GODWIT_LOCK_WAIT`. `--url` has GODWIT_DATABASE_URL, read with the configuration. */
export function variableOf(option: OptionSpec): string | undefined {
  const name = longName(option)
  return name === 'url' ? undefined : `GODWIT_${name.toUpperCase().replaceAll('-', '_')}`
}

/**
 * @param given what the command line said
 * @throws GodwitError CLI.USAGE_INVALID for a variable that is neither yes nor no, and for a broken duration
 */
export function readFlags(
  given: Readonly<Record<string, unknown>>,
  options: readonly OptionSpec[],
  variables: Variables,
): Flags {
  const flags: Record<string, unknown> = { ...given }
  for (const option of options) {
    const key = camel(longName(option))
    const variable = variableOf(option)
    const value = variable === undefined ? undefined : variables[variable]
    if (
      variable === undefined ||
      value === undefined ||
      value === '' ||
      flags[key] !== undefined ||
      option.flags.includes('--no-')
    )
      continue
    if (key === 'json') flags[value === 'stream' ? 'jsonStream' : 'json'] = value === 'stream' || yesNo(value, variable)
    else if (!option.flags.includes('<')) flags[key] = yesNo(value, variable)
    else flags[key] = option.repeatable ? value.split(',').map(part => part.trim()) : value
  }
  if (typeof flags['lockWait'] === 'string' && parseDuration(flags['lockWait']) === undefined)
    throw new GodwitError('CLI.USAGE_INVALID', `--lock-wait is "${flags['lockWait']}", which is no length of time.`, {
      why: 'Expected a number with ms, s, m or h, such as 500ms, 30s or 2m. No database was touched.',
    })
  return flags
}

function yesNo(value: string, variable: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true
  if (/^(0|false|no|off)$/i.test(value)) return false
  throw new GodwitError('CLI.USAGE_INVALID', `The variable ${variable} is neither yes nor no.`, {
    why: 'Expected 1, true, yes, on, 0, false, no or off. No database was touched.',
  })
}
