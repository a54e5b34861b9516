// A promise that nobody waits for is work that a run reports before it is done. Each is awaited, returned, kept,
// or thrown away in words with `void`.
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { root, sourceFiles } from './guard.ts'

function floating(program: ts.Program, paths: readonly string[]): string[] {
  const checker = program.getTypeChecker()
  const isPromise = (type: ts.Type): boolean =>
    type.isUnion() ? type.types.some(isPromise) : checker.getPropertyOfType(type, 'then') !== undefined
  /** Assigned, or given somebody who hears of the failure. */
  const isKept = (node: ts.Expression): boolean => {
    if (ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken
      return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment
    }
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false
    const method = node.expression.name.text
    return method === 'catch' || (method === 'then' && node.arguments.length === 2)
  }
  const found: string[] = []
  for (const path of paths) {
    const file = program.getSourceFile(path)
    if (!file) throw new Error(`${path} is not part of the program`)
    const walk = (node: ts.Node): void => {
      if (
        ts.isExpressionStatement(node) &&
        !isKept(node.expression) &&
        isPromise(checker.getTypeAtLocation(node.expression))
      ) {
        const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
        found.push(`${path.replace(`${root}/`, '')}:${line} ${node.getText(file).split('\n')[0]}`)
      }
      ts.forEachChild(node, walk)
    }
    walk(file)
  }
  return found
}

const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  allowImportingTsExtensions: true,
  types: ['node'],
}

describe('guard/floating-promises', () => {
  it('finds none in the source', () => {
    const paths = [...sourceFiles('src'), ...sourceFiles('test')].map(file => join(root, file.path))
    expect(floating(ts.createProgram(paths, options), paths)).toEqual([])
  })

  it('refuses a call that is not awaited, and accepts one that is, is kept or says void', () => {
    const text = [
      'async function work() {}',
      'export async function run(maybe: Promise<void> | undefined) {',
      '  work()',
      '  await work()',
      '  void work()',
      '  maybe = work()',
      '  work().catch(() => {})',
      '  maybe',
      '}',
    ].join('\n')
    const host = ts.createCompilerHost(options)
    const { getSourceFile } = host
    host.getSourceFile = (name, ...rest) =>
      name === '/sample.ts'
        ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2023, true)
        : getSourceFile(name, ...rest)
    const program = ts.createProgram(['/sample.ts'], options, host)
    expect(floating(program, ['/sample.ts'])).toEqual(['/sample.ts:3 work()', '/sample.ts:8 maybe'])
  })
})
