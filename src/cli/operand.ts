// The words of a command line that are no flags, and what the first of them means. Read before anything is parsed.
import { globalOptions, verbs } from './verb.ts'

export function isVerb(word: string | undefined): boolean {
  return verbs.some(verb => verb.name.split(' ')[0] === word || verb.aliases?.includes(word ?? ''))
}

/** `migrate deploy`: the first word is an alias of ours, and the two together are a rival's verb. */
export function isRivalPair(operands: readonly string[]): boolean {
  return (
    (operands[0] === 'migrate' || operands[0] === 'generate') &&
    operands[1] !== undefined &&
    rivalPairs.test(operands[1])
  )
}

const rivalPairs =
  /^(deploy|latest|up|down|dev|reset|resolve|status|diff|make|run|rollback|list|redo|create|new|apply|fresh|unlock|fix|force|goto|version|undo|generate|validate|history|current|check|to|migration|sql)$/

/** Words that are neither flags nor values of global flags. */
export function operandsOf(argv: readonly string[]): readonly string[] {
  const valued = new Set(
    globalOptions.filter(option => option.flags.includes('<')).flatMap(option => option.flags.split(/[ ,]+/)),
  )
  const found: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '--') return [...found, ...argv.slice(index + 1)]
    if (valued.has(word)) index++
    else if (!word.startsWith('-') || /^-\d+$/.test(word)) found.push(word)
  }
  return found
}
