// Writes docs/guide/faults.md from the cells of the fault matrix. Refuses cells that name tests which do not exist.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { judgeCells, loadMatrix, stores } from '../test/fault/check.ts'
import { pagePath, renderPage } from '../test/fault/page.ts'

const root = new URL('..', import.meta.url)

try {
  const matrix = await loadMatrix()
  const wrong = stores.flatMap(store => judgeCells(store, matrix[store]))
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  writeFileSync(fileURLToPath(new URL(pagePath, root)), renderPage(matrix))
  console.log(`${pagePath} is written`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
