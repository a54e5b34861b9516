import { expect, it } from 'vitest'
import { editDistance } from './edit-distance.ts'

it.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['status', 'status', 0],
  ['statsu', 'status', 1],
  ['stat', 'status', 2],
  ['kitten', 'sitting', 3],
  ['ab', 'ba', 1],
])('from %j to %j it is %i', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance)
  expect(editDistance(b, a)).toBe(distance)
})
