import { describe, expect, it } from 'vitest'
import { failure, folder, one } from './parse.fixture.ts'

const broken: [string, string, number, number, string][] = [
  [
    'a down first',
    '-- migrate:down\nSELECT 2;\n-- migrate:up\nSELECT 1;',
    1,
    1,
    '`-- migrate:down` without `-- migrate:up` above it',
  ],
  ['a second up', '-- migrate:up\n-- migrate:up', 2, 1, 'a second `-- migrate:up`'],
  ['a second down', '-- migrate:up\n-- migrate:down\n  -- migrate:down', 3, 3, 'a second `-- migrate:down`'],
  [
    'a misspelt marker',
    '-- migrate:up\nSELECT 1;\n-- migrate:dwon\nSELECT 2;',
    3,
    12,
    '`-- migrate:dwon` is neither migrate:up nor migrate:down',
  ],
  ['an unknown option', '-- migrate:up transact:no', 1, 15, 'unknown option `transact:no` after migrate:up'],
  ['text above the up', '-- x\n\n  SELECT 1;\n-- migrate:up', 3, 3, 'text above `-- migrate:up` belongs to no section'],
  ['mixed layouts', '-- migrate:up\nSELECT 1;\n-- +goose Down', 3, 1, 'the file mixes the markers of dbmate and goose'],
  ['an unknown annotation', '-- +goose Up\n-- +goose Dwon', 2, 11, 'unknown annotation `+goose Dwon`'],
  [
    'environment substitution',
    '-- +goose ENVSUB ON\n-- +goose Up',
    1,
    11,
    'environment substitution (ENVSUB ON) is not supported',
  ],
  ['a fence outside', '-- +goose StatementBegin', 1, 1, 'StatementBegin outside of `-- +goose Up`'],
  [
    'a fence in a fence',
    '-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin',
    3,
    1,
    'a marker inside StatementBegin of line 2',
  ],
  ['an end without begin', '-- +goose Up\n-- +goose StatementEnd', 2, 1, 'StatementEnd without StatementBegin'],
  [
    'a begin without end',
    '-- +goose Up\n-- +goose StatementBegin\nSELECT 1;',
    2,
    1,
    'StatementBegin without StatementEnd',
  ],
  ['no up at all', '-- +goose NO TRANSACTION\nSELECT 1;', 1, 1, 'no `-- +goose Up` in a file of goose'],
  [
    'a lonely down',
    'SELECT 1;\n-- Down Migration\nSELECT 2;',
    2,
    1,
    '`-- Down Migration` without `-- Up Migration` above it',
  ],
  [
    'text above an Up that stands alone',
    'SELECT 1;\n-- Up Migration --\nSELECT 2;',
    1,
    1,
    'text above `-- Up Migration` belongs to no section',
  ],
]

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
