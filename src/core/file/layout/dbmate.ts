// godwit's own layout, which is dbmate's: `-- migrate:up [transaction:false]` and `-- migrate:down [transaction:false]`.
import type { MarkerLayout } from './marker.ts'

export const dbmateLayout: MarkerLayout = {
  name: 'dbmate',
  up: '-- migrate:up',
  down: '-- migrate:down',
  read(line) {
    const found = /^(\s*--\s*migrate:)\s*(\S*)(.*)$/i.exec(line.text)
    if (found === null) return undefined
    const [, prefix, word, rest] = found as unknown as [string, string, string, string]
    const kind = word.toLowerCase()
    if (kind !== 'up' && kind !== 'down') {
      return { line, column: prefix.length, message: `\`${line.text.trim()}\` is neither migrate:up nor migrate:down` }
    }
    const option = rest.trim()
    if (!/^(transaction:(true|false))?$/i.test(option)) {
      return {
        line,
        column: line.text.length - rest.trimStart().length,
        message: `unknown option \`${option}\` after migrate:${kind}`,
      }
    }
    return { kind, line, transactionOff: option.toLowerCase() === 'transaction:false' }
  },
}
