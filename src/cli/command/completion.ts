// `godwit completion <shell>`: prints the completion script.
import { didYouMean } from '../../config/nearest.ts'
import { GodwitError } from '../../core/error.ts'
import type { Command } from '../command.ts'
import { completionScripts, shells } from '../completion/script.ts'

export const command: Command = async call => {
  const [word = ''] = call.args
  const name = word === 'pwsh' ? 'powershell' : word
  const shell = shells.find(entry => entry === name)
  if (shell === undefined)
    throw new GodwitError('CLI.USAGE_INVALID', `godwit has no completion for "${word}".${didYouMean(word, shells)}`, {
      why: `Known shells are ${shells.join(', ')}.`,
      next: shells.map(entry => `godwit completion ${entry}`),
    })
  const script = completionScripts[shell]
  return { data: { shell, script }, text: script }
}
