import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { replaceFile, rewriteParents, writeNewFile } from './write.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'godwit-write-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)

describe('writeNewFile', () => {
  it('writes a file and the folders on the way', async () => {
    await writeNewFile(at('a/b/1_x.sql'), 'SELECT 1\n', 'm/1_x.sql')
    expect(readFileSync(at('a/b/1_x.sql'), 'utf8')).toBe('SELECT 1\n')
    expect(readdirSync(at('a/b'))).toEqual(['1_x.sql'])
  })

  it('never overwrites', async () => {
    writeFileSync(at('1_x.sql'), 'mine')
    await expect(writeNewFile(at('1_x.sql'), 'other', 'm/1_x.sql')).rejects.toMatchObject({
      code: 'FILE.EXISTS',
      where: { file: 'm/1_x.sql' },
    })
    expect(readFileSync(at('1_x.sql'), 'utf8')).toBe('mine')
    expect(readdirSync(folder)).toEqual(['1_x.sql'])
  })

  it('lets one of many writers win', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => writeNewFile(at('1_x.sql'), `text ${n}`, 'x')),
    )
    const winners = results.flatMap((result, n) => (result.status === 'fulfilled' ? [n] : []))
    expect(winners).toHaveLength(1)
    expect(readFileSync(at('1_x.sql'), 'utf8')).toBe(`text ${winners[0]}`)
    expect(readdirSync(folder)).toEqual(['1_x.sql'])
  })

  it('tells why a file cannot be written', async () => {
    writeFileSync(at('file'), '')
    await expect(writeNewFile(at('file/1_x.sql'), '', 'm/1_x.sql')).rejects.toMatchObject({
      code: expect.stringMatching(/^FILE\./),
    })
    await expect(writeNewFile(at(`${'x'.repeat(300)}.sql`), '', 'm/x.sql')).rejects.toMatchObject({
      code: 'FILE.WRITE_FAILED',
    })
  })
})

describe('replaceFile', () => {
  it('keeps mode and link', async () => {
    writeFileSync(at('a.sql'), 'old')
    chmodSync(at('a.sql'), 0o666)
    symlinkSync(at('a.sql'), at('b.sql'))
    await replaceFile(at('b.sql'), 'new', 'b.sql')
    expect(readFileSync(at('a.sql'), 'utf8')).toBe('new')
    expect(statSync(at('a.sql')).mode & 0o777).toBe(0o666)
    expect(lstatSync(at('b.sql')).isSymbolicLink()).toBe(true)
    expect(readdirSync(folder)).toEqual(['a.sql', 'b.sql'])
  })

  it('leaves nothing behind when it fails', async () => {
    await expect(replaceFile(at('none.sql'), '', 'm/none.sql')).rejects.toMatchObject({ code: 'FILE.WRITE_FAILED' })
    const folderInTheWay = at('dir')
    await writeNewFile(join(folderInTheWay, 'x.sql'), '', 'x')
    await expect(replaceFile(folderInTheWay, 'text', 'dir')).rejects.toMatchObject({ code: 'FILE.WRITE_FAILED' })
    expect(readdirSync(folder)).toEqual(['dir'])
  })
})

describe('rewriteParents', () => {
  it('changes the parents and nothing else', async () => {
    writeFileSync(at('a.sql'), '\uFEFF-- godwit: parent=a\r\nSELECT 1;  \r\n')
    await rewriteParents(at('a.sql'), ['b', 'c'], 'a.sql')
    expect(readFileSync(at('a.sql'), 'utf8')).toBe('\uFEFF-- godwit: parent=b,c\r\nSELECT 1;  \r\n')
    writeFileSync(at('a.ts'), "export default { parent: 'a' }\n")
    await rewriteParents(at('a.ts'), ['b'], 'a.ts')
    expect(readFileSync(at('a.ts'), 'utf8')).toBe("export default { parent: 'b' }\n")
    const { ino } = statSync(at('a.ts'))
    await rewriteParents(at('a.ts'), ['b'], 'a.ts')
    expect(statSync(at('a.ts')).ino).toBe(ino)
  })

  it('refuses what it cannot read', async () => {
    await expect(rewriteParents(at('none.sql'), [], 'm/none.sql')).rejects.toMatchObject({ code: 'FILE.WRITE_FAILED' })
    writeFileSync(at('a.sql'), Buffer.from([0xff]))
    await expect(rewriteParents(at('a.sql'), [], 'a.sql')).rejects.toMatchObject({ code: 'FILE.ENCODING_INVALID' })
  })
})
