import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseExact, stringifyExact } from './json.ts'

it('keeps whole numbers beyond 2^53 and writes them back', () => {
  const text = '{"a":9223372036854775807,"b":-9007199254740993,"c":9007199254740991,"d":[12345678901234567890]}'
  const value = parseExact(text)
  expect(value).toEqual({
    a: 9223372036854775807n,
    b: -9007199254740993n,
    c: 9007199254740991,
    d: [12345678901234567890n],
  })
  expect(stringifyExact(value)).toBe(text)
})

it('leaves digits in strings, fractions and exponents alone', () => {
  const text =
    '{"9223372036854775807":"x \\"9223372036854775807\\" \\\\","f":0.12345678901234567,"e":1e30,"g":12345678901234567.5}'
  expect(parseExact(text)).toEqual(JSON.parse(text))
})

it('agrees with JSON for every value JSON can hold', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const text = JSON.stringify(value)
      // Numbers of 16 and more digits become bigint by design.
      if (!/\d{16}/.test(text)) expect(parseExact(text)).toEqual(JSON.parse(text))
      expect(stringifyExact(value)).toBe(text)
    }),
  )
})

it('returns every 64-bit number to the same digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.string(), (number, text) => {
      const body = stringifyExact({ number, text })
      expect(body).toBe(`{"number":${number},"text":${JSON.stringify(text)}}`)
      expect(parseExact(body)).toEqual({ number: Number.isSafeInteger(Number(number)) ? Number(number) : number, text })
    }),
  )
})

it('refuses text that is not JSON', () => {
  expect(() => parseExact('<html>1234567890123456789')).toThrow(SyntaxError)
})
