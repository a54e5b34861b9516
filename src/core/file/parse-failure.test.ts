import { describe, expect, it } from 'vitest'
import { failure, folder, one } from './parse.fixture.ts'

describe('broken files', () => {
  it.each(broken)('refuses %s', (_, text, line, column, message) => {
    const revision = one({ '1_x.sql': text })
    const found = failure(() => revision.body())
    expect(found).toMatchObject({ code: 'FILE.SECTION_INVALID', message, where: { file: 'm/1_x.sql', line, column } })
    expect(failure(() => revision.checksum)).toMatchObject({ message })
  })

  it('refuses a header line below the first statement', () => {
    const text = '-- godwit: parent=a\nSELECT 1;\n-- about godwit: nothing\n-- godwit: transaction=off\n'
    expect(failure(() => one({ '1_x.sql': text }).body())).toMatchObject({
      code: 'FILE.HEADER_INVALID',
      where: { line: 4, column: 1 },
    })
  })

  it('refuses a broken header when the folder is read', () => {
    expect(failure(() => folder({ '1_x.sql': '-- godwit: a=b' }))).toMatchObject({ code: 'FILE.HEADER_INVALID' })
    expect(
      failure(() => one({ 'd/up.sql': '', 'd/metadata.toml': '\nrun_in_transaction = no' }).options),
    ).toMatchObject({
      code: 'FILE.HEADER_INVALID',
      where: { file: 'm/d/metadata.toml', line: 2, column: 22 },
    })
    expect(one({ 'd/up.sql': '', 'd/metadata.toml': '# nothing' }).options.transaction).toBe('on')
  })

  it('refuses a down without an up', () => {
    expect(failure(() => folder({ '1_x.down.sql': '' }))).toMatchObject({
      code: 'FILE.SECTION_INVALID',
      where: { file: 'm/1_x.down.sql' },
    })
    expect(failure(() => folder({ 'x.down.sql': '' }))).toMatchObject({ code: 'FILE.SECTION_INVALID' })
    expect(failure(() => folder({ 'd/down.sql': '' }))).toMatchObject({ code: 'FILE.SECTION_INVALID' })
    expect(failure(() => folder({ '1_a.up.sql': '', '1_b.up.sql': '', '1_c.down.sql': '' }))).toMatchObject({
      code: 'FILE.SECTION_INVALID',
    })
  })

  it('refuses a second down', () => {
    const text = '-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;'
    expect(failure(() => one({ '1_x.up.sql': text }).body())).toMatchObject({ code: 'FILE.SECTION_INVALID' })
    expect(failure(() => one({ '1_x.sql': text, '1_x.down.sql': '' }).body())).toMatchObject({
      code: 'FILE.SECTION_INVALID',
    })
  })

  it.each(['.sql', '.up.sql', 'a,b.sql', 'a".sql', 'a\u0007.sql', ' a.sql', 'a\\b.ts', 'a,b/up.sql'])(
    'refuses the name %j',
    name => {
      expect(failure(() => folder({ [name]: '' }))).toMatchObject({
        code: 'FILE.NAME_INVALID',
        where: { file: `m/${name}` },
      })
    },
  )

  it.each([
    ['Latin-1', Buffer.from('SELECT 1;\n-- gr\u00FCn', 'latin1'), 15, 2, 6],
    ['UTF-16', Buffer.from('\uFEFFSELECT 1', 'utf16le'), 0, 1, 1],
    ['UTF-16 of the other order', Buffer.from([0xfe, 0xff, 0, 65]), 0, 1, 1],
    [
      'a cut character',
      Buffer.concat([Buffer.from('ab\r\nö'.repeat(20_000)), Buffer.from([0xc3])]),
      120_000,
      20_001,
      2,
    ],
    ['one byte', Buffer.from([0xff]), 0, 1, 1],
  ])('refuses %s with the offset', (_, bytes, byteOffset, line, column) => {
    expect(failure(() => folder({ 'a.sql': bytes }))).toMatchObject({
      code: 'FILE.ENCODING_INVALID',
      meta: { byteOffset },
      where: { file: 'm/a.sql', line, column },
    })
  })
})
