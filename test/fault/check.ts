// What has to hold for the fault matrix: every store has its 22 cells, each is shown by tests that exist or says why the
// fault cannot occur. Loading and judging; the guard and the generator of the page both start here.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { type Cell, faults, type Store, storeNames } from './matrix.ts'

const root = join(import.meta.dirname, '../..')

export type Matrix = Readonly<Record<Store, readonly Cell[]>>

export const stores = Object.keys(storeNames) as readonly Store[]

/** The cells of one store. @throws naming the file that is missing */
export async function loadCells(store: Store): Promise<readonly Cell[]> {
  const file = `test/fault/cell/${store}.ts`
  if (!existsSync(join(root, file)))
    throw new Error(`${file} is missing: it is to export the ${faults.length} cells of ${storeNames[store]}`)
  const { cells } = (await import(join(root, file))) as { cells?: readonly Cell[] }
  if (!Array.isArray(cells)) throw new Error(`${file} exports no array "cells"`)
  return cells
}

export async function loadMatrix(): Promise<Matrix> {
  return Object.fromEntries(await Promise.all(stores.map(async store => [store, await loadCells(store)]))) as Matrix
}

/** What is wrong with the cells of one store. `read`: text of a file from the root, undefined when there is none. */
export function judgeCells(store: string, cells: readonly Cell[], read = readFile): string[] {
  const wrong: string[] = []
  const numbers = cells.map(cell => cell.fault)
  for (const { fault } of faults) {
    const times = numbers.filter(number => number === fault).length
    if (times !== 1) wrong.push(`${store}, fault ${fault}: ${times} cells instead of one`)
  }
  for (const number of numbers) {
    if (!faults.some(({ fault }) => fault === number)) wrong.push(`${store}, fault ${number}: there is no such fault`)
  }
  for (const cell of cells) wrong.push(...judgeCell(cell, read).map(fault => `${store}, fault ${cell.fault}: ${fault}`))
  return wrong
}

function judgeCell({ outcome, promise, tests, reason }: Cell, read: (file: string) => string | undefined): string[] {
  const wrong: string[] = []
  if (!/\S.*\.$/s.test(promise)) wrong.push('the promise is no sentence')
  if ((tests === undefined || tests.length === 0) === (reason === undefined))
    wrong.push('it needs either tests or a reason')
  // That something cannot occur may be shown by a test too.
  if (reason !== undefined && outcome !== 'none') wrong.push(`the outcome "${outcome}" does not go with a reason`)
  if (reason !== undefined && !/\S.*\.$/s.test(reason)) wrong.push('the reason is no sentence')
  for (const { file, name } of tests ?? []) {
    const text = read(file)
    if (text === undefined) wrong.push(`${file} does not exist`)
    else if (!testNames(text).some(pattern => pattern.test(name))) wrong.push(`${file} has no test "${name}"`)
  }
  return wrong
}

const readFile = (file: string): string | undefined =>
  existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined

/** Names of the tests in a file. Parts that are filled in, `${…}` and `%s`, may be anything. */
export function testNames(text: string): RegExp[] {
  const names: RegExp[] = []
  const tree = ts.createSourceFile('a.test.ts', text, ts.ScriptTarget.Latest, true)
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const name = patternOf(node.arguments[0])
      if (name !== undefined) names.push(new RegExp(`^${name}$`, 's'))
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return names
}

/** `it(…)`, `it.concurrent(…)`, `it.skipIf(…)(…)`, `test.each(…)(…)`; not what never runs. */
function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'it' || callee.text === 'test'
  if (ts.isPropertyAccessExpression(callee))
    return !['skip', 'todo'].includes(callee.name.text) && isTest(callee.expression)
  return ts.isCallExpression(callee) && ts.isPropertyAccessExpression(callee.expression) && isTest(callee.expression)
}

const escaped = (text: string): string =>
  text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/%[sdifjo]|\\\$\w+/g, '.*')

function patternOf(node: ts.Expression | undefined): string | undefined {
  if (node === undefined) return undefined
  if (ts.isStringLiteralLike(node)) return escaped(node.text)
  if (!ts.isTemplateExpression(node)) return undefined
  return escaped(node.head.text) + node.templateSpans.map(span => `.*${escaped(span.literal.text)}`).join('')
}
