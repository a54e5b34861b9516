import { describe, expect, it } from 'vitest'
import { emptyHeader } from './header.ts'
import { codeRevision } from './revision-file.ts'

describe('codeRevision', () => {
  const parts = {
    id: 'a',
    file: undefined,
    header: emptyHeader,
    fileHash: undefined,
    load: async () => ({ up: () => 1, down: undefined }),
  }

  it('has no checksum without a source text', () => {
    expect(codeRevision({ ...parts, source: undefined, checksum: undefined }).checksum).toBeUndefined()
  })

  it('takes a given checksum before its own', () => {
    expect(codeRevision({ ...parts, source: 'x', checksum: 'given' }).checksum).toBe('given')
  })
})
