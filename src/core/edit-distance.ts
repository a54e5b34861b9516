// How far two words are apart, for every "did you mean".

/**
 * Smallest number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
 * @example editDistance('statsu', 'status') // 1
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const change = last[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      let cost = Math.min(change, last[column]! + 1, line[column - 1]! + 1)
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) cost = Math.min(cost, before[column - 2]! + 1)
      line.push(cost)
    }
    before = last
    last = line
  }
  return last[b.length]!
}
