// The fault matrix is whole and true: 22 cells for each store, each with tests that exist or a reason, and the page that
// people read is the one that is made from them.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { judgeCells, loadCells, loadMatrix, stores } from '../fault/check.ts'
import { type Cell, faults } from '../fault/matrix.ts'
import { pagePath, renderPage } from '../fault/page.ts'
import { root } from './guard.ts'

const promise = 'It goes on.'
const test = { file: 'test/a.test.ts', name: 'fault 1: goes on' }
const text = "it.skipIf(reason).concurrent('fault 1: goes on', () => {})\nit.skip('never', () => {})\n"
const files: Readonly<Record<string, string>> = { 'test/a.test.ts': text }
const read = (file: string): string | undefined => files[file]
const whole: readonly Cell[] = faults.map(({ fault }) => ({ fault, outcome: 'resume', promise, tests: [test] }))
const changed = (change: object): Cell[] =>
  whole.map(cell => (cell.fault === 7 ? ({ ...cell, ...change } as Cell) : cell))

describe('guard/faults', () => {
  it.each(stores)('finds the cells of %s whole', async store => {
    expect(judgeCells(store, await loadCells(store))).toEqual([])
  })

  it('finds the page made from the cells', async () => {
    const page = join(root, pagePath)
    expect(existsSync(page), `run: npx jiti scripts/faults.ts`).toBe(true)
    expect(readFileSync(page, 'utf8'), 'run: npx jiti scripts/faults.ts').toBe(renderPage(await loadMatrix()))
  })

  it('accepts whole cells', () => {
    expect(judgeCells('x', whole, read)).toEqual([])
    expect(judgeCells('x', changed({ outcome: 'none', tests: undefined, reason: 'There is none.' }), read)).toEqual([])
  })

  it.each([
    ['a missing cell', whole.slice(1), 'x, fault 1: 0 cells instead of one'],
    ['a cell twice', [...whole, whole[0] as Cell], 'x, fault 1: 2 cells instead of one'],
    ['a fault that is none', [...whole, { ...whole[0], fault: 23 } as Cell], 'x, fault 23: there is no such fault'],
    ['a cell with nothing', changed({ tests: [] }), 'x, fault 7: it needs either tests or a reason'],
    ['a cell with both', changed({ reason: 'None.' }), 'x, fault 7: it needs either tests or a reason'],
    ['a reason beside an outcome', changed({ tests: undefined, reason: 'None.' }), 'does not go with a reason'],
    ['a promise that is no sentence', changed({ promise: 'later' }), 'x, fault 7: the promise is no sentence'],
    ['a file that is gone', changed({ tests: [{ ...test, file: 'test/b.test.ts' }] }), 'test/b.test.ts does not exist'],
    ['a test that is gone', changed({ tests: [{ ...test, name: 'fault 1' }] }), 'has no test "fault 1"'],
    ['a test that never runs', changed({ tests: [{ ...test, name: 'never' }] }), 'has no test "never"'],
  ])('refuses %s', (_, cells, fault) => {
    expect(judgeCells('x', cells, read).join('\n')).toContain(fault)
  })

  it('reads names that are filled in', () => {
    const each = { file: 'test/c.test.ts', name: 'fault 2: killed on MariaDB, 3 times' }
    const named = 'it.each([1])(`fault 2: killed on ${store}, %d times`, () => {})'
    const cells = changed({ tests: [each] })
    expect(judgeCells('x', cells, file => (file === each.file ? named : read(file)))).toEqual([])
  })
})
