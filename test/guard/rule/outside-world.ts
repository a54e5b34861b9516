// Who may touch the process: argv, exit and the output streams only the command line, the environment only the
// configuration. Everything else is a library and gets what it needs as arguments.
import ts from 'typescript'
import { findInTree, type Guard, isIn, isTest } from '../guard.ts'

const cliOnly = ['exit', 'exitCode', 'abort', 'argv', 'stdin', 'stdout', 'stderr']

export const outsideWorld: Guard = {
  name: 'touches the process only in src/cli and the environment only in src/config',
  check(file) {
    if (isTest(file.path)) return []
    const isCli = isIn(file.path, ['src/cli/'])
    const isConfig = isIn(file.path, ['src/config/'])
    const judge = (member: string): string | undefined => {
      if (member === 'env') return isConfig ? undefined : 'process.env belongs to src/config'
      return cliOnly.includes(member) && !isCli ? `process.${member} belongs to src/cli` : undefined
    }
    return findInTree(file, node => {
      if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
        const object = node.expression.text
        if (object === 'console') return 'console is not used: src/cli writes through its own output'
        if (object === 'process') return judge(node.name.text)
      }
      if (ts.isElementAccessExpression(node) && node.expression.getText() === 'process') {
        return 'process members are named, not computed'
      }
      if (ts.isImportDeclaration(node) && /^['"](node:)?process['"]$/.test(node.moduleSpecifier.getText())) {
        return isCli ? undefined : 'process is not imported outside src/cli'
      }
      if (ts.isVariableDeclaration(node) && node.initializer?.getText() === 'process') {
        return 'process is not taken apart'
      }
      return undefined
    })
  },
  red: [
    { path: 'src/engine/a.ts', text: 'process.exit(1)' },
    { path: 'src/engine/a.ts', text: "console.log('done')" },
    { path: 'src/cli/a.ts', text: "console.error('no')" },
    { path: 'src/source/a.ts', text: "process.stdout.write('x')" },
    { path: 'src/lint/a.ts', text: 'const file = process.argv[2]' },
    { path: 'src/cli/a.ts', text: 'const url = process.env.DATABASE_URL' },
    { path: 'src/engine/a.ts', text: "const url = process['env']" },
    { path: 'src/engine/a.ts', text: "import { env } from 'node:process'" },
    { path: 'src/engine/a.ts', text: 'const { env } = process' },
  ],
  green: [
    { path: 'src/cli/main.ts', text: 'process.exitCode = await run(process.argv)' },
    { path: 'src/config/variables.ts', text: 'export const all = process.env' },
    { path: 'src/engine/a.ts', text: 'export const pid = process.pid // console.log' },
  ],
}
