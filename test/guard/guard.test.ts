// Each guard finds nothing in the source, refuses all its red samples and accepts all its green ones.
import { describe, expect, it } from 'vitest'
import { sourceFiles } from './guard.ts'
import { databaseNames } from './rule/database-names.ts'
import { fileShape } from './rule/file-shape.ts'
import { outsideWorld } from './rule/outside-world.ts'
import { pure } from './rule/pure.ts'

const source = sourceFiles('src')
const tests = sourceFiles('test')

describe.each([databaseNames, outsideWorld, pure, fileShape])('guard: $name', guard => {
  it('finds nothing in the source', () => {
    const files = guard === fileShape ? [...source, ...tests] : source
    expect(files.length).toBeGreaterThan(10)
    const found = files.flatMap(file => guard.check(file).map(({ line, message }) => `${file.path}:${line} ${message}`))
    expect(found).toEqual([])
  })

  it.each(guard.red)('refuses $path: $text', sample => {
    expect(guard.check(sample)).not.toEqual([])
  })

  it.each(guard.green)('accepts $path: $text', sample => {
    expect(guard.check(sample)).toEqual([])
  })
})
