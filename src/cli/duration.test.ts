import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['30', 30_000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['0', 0],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', 'soon', '-1s', '5 d', '1e3'])('refuses %j', text => expect(parseDuration(text)).toBeUndefined())

  it.each([
    [0, '<1 ms'],
    [4.4, '4 ms'],
    [999.7, '1.0 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [7_800_000, '2 h 10 min'],
  ])('shows %d ms', (ms, text) => expect(formatDuration(ms)).toBe(text))
})
