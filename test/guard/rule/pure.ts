// core and schema are pure: no promises, no timers, no network. A value that loads later is only described there.
import ts from 'typescript'
import { findInTree, type Guard, isIn, isTest } from '../guard.ts'

/** An interface may say that somebody else loads something later. */
const isPromised = (node: ts.Node): boolean =>
  ts.isTypeReferenceNode(node.parent) &&
  ts.findAncestor(node, one => ts.isMethodSignature(one) || ts.isPropertySignature(one)) !== undefined

const impure = ['Promise', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch']

export const pure: Guard = {
  name: 'keeps core and schema without async',
  check(file) {
    if (isTest(file.path) || !isIn(file.path, ['src/core/', 'src/schema/'])) return []
    return findInTree(file, node => {
      if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async'
      if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return 'await'
      if (!ts.isIdentifier(node) || !impure.includes(node.text)) return undefined
      return isPromised(node) ? undefined : node.text
    })
  },
  red: [
    { path: 'src/core/a.ts', text: 'export async function a() {}' },
    { path: 'src/core/a.ts', text: 'await load()' },
    { path: 'src/schema/a.ts', text: 'export const a = (): Promise<void> => b()' },
    { path: 'src/core/revision/revision.ts', text: 'export const a = Promise.resolve(1)' },
    { path: 'src/core/a.ts', text: 'setTimeout(a, 1)' },
  ],
  green: [
    { path: 'src/core/revision/revision.ts', text: 'export interface A { load(): Promise<void> }' },
    { path: 'src/engine/a.ts', text: 'export async function a() {}' },
    { path: 'src/core/a.ts', text: '// async\nexport const promise = 1' },
  ],
}
