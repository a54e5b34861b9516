import { describe, expect, it } from 'vitest'
import { indexSnapshot, makeSnapshot } from '../../../schema/model/snapshot.ts'
import { usingClause } from './cast.ts'

const domain = {
  kind: 'domain',
  key: 'domain:public.d',
  path: ['public', 'd'],
  parent: null,
  depends: [],
  properties: { type: 'text' },
}
const types = indexSnapshot(makeSnapshot('postgres', [domain]))

describe('usingClause', () => {
  it.each([
    ['integer', 'bigint', ''],
    ['character varying(10)', 'character varying(5)', ''],
    ['numeric(10,2)', 'text', ''],
    ['timestamp without time zone', 'date', ''],
    ['integer[]', 'bigint[]', ''],
    ['public.d', 'character varying(3)', ''],
    ['text', 'integer', ' USING c::integer'],
    ['text[]', 'integer[]', ' USING c::integer[]'],
    ['integer', 'boolean', ' USING c::boolean'],
    ['bigint', 'boolean', ' USING c::text::boolean'],
    ['integer', 'uuid', ' USING c::text::uuid'],
    ['public.mood', 'public.other', ' USING c::text::public.other'],
    ['text', 'text[]', ' USING CASE WHEN c IS NULL THEN NULL ELSE ARRAY[c]::text[] END'],
  ])('turns %s into %s', (before, after, using) => {
    expect(usingClause('c', before, after, types)).toBe(using)
  })
})
