// Consent to changes. A protected environment wants its own name, typed or given; nothing is asked without a terminal,
// and `--yes` never stands for the name.
import type { ResolvedConfig } from '../config/resolved.ts'
import { GodwitError } from '../core/error.ts'
import type { Call } from './command.ts'

/**
 * The name that was consented to, to be handed to the library, or undefined where none is needed.
 * @throws GodwitError CONFIG.PROTECTED
 */
export async function consentToEnvironment(call: Call, config: ResolvedConfig): Promise<string | undefined> {
  const { confirm } = call.flags
  if (!config.protected) return confirm
  const name = config.environment
  if (confirm === name) return confirm
  if (confirm === undefined && call.interactive) {
    const { text, isCancel } = await import('@clack/prompts')
    const answer = await text({ message: `${name} is protected. Type its name to go on.`, output: promptStream(call) })
    if (!isCancel(answer) && answer === name) return name
  }
  throw new GodwitError('CONFIG.PROTECTED', `The environment ${name} is protected.`, {
    why: `${confirm === undefined ? 'A change to it needs its name as consent' : `--confirm says "${confirm}", which is not its name`}. No database was touched.`,
    next: [`godwit ${[call.verb, ...call.args].join(' ')} --env ${name} --confirm ${name}`],
    meta: { environment: name },
  })
}

/**
 * A yes to a step that cannot be taken back: `--yes`, or an answer on a terminal.
 * @throws GodwitError CLI.CONSENT_MISSING
 */
export async function consentToStep(call: Call, question: string): Promise<void> {
  if (call.flags.yes) return
  if (call.interactive) {
    const { confirm, isCancel } = await import('@clack/prompts')
    const answer = await confirm({ message: question, initialValue: false, output: promptStream(call) })
    if (!isCancel(answer) && answer) return
  }
  throw new GodwitError('CLI.CONSENT_MISSING', `Not confirmed: ${question}`, {
    why: `${call.interactive ? 'The answer was no' : 'Without a terminal nothing is asked'}. Nothing was changed.`,
    next: [`godwit ${[call.verb, ...call.args].join(' ')} --yes`],
  })
}

/** Prompts go to stderr, so that stdout stays data. */
function promptStream(call: Call): never {
  return call.io.stderr as never
}
