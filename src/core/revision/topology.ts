// Order and cycles of a directed graph of small integers. It knows nothing of revisions;
// whoever calls it numbers its nodes so that a smaller number is the one to take first.

/**
 * Every node after all nodes that must come before it; of the nodes that are free, the smallest first.
 * `before[i]` lists what must precede `i`. Nodes on a cycle and nodes behind one are left out. O(n log n).
 */
export function topologicalOrder(before: readonly (readonly number[])[]): number[] {
  // Numbered in an order that fits already, as most histories are: the smallest free node is always the next.
  if (before.every((list, node) => list.every(earlier => earlier < node))) return before.map((_, node) => node)
  const after: number[][] = before.map(() => [])
  const waiting = before.map(list => list.length)
  for (const [node, list] of before.entries()) for (const earlier of list) after[earlier]!.push(node)
  const free: number[] = []
  for (const [node, count] of waiting.entries()) if (count === 0) free.push(node)
  const order: number[] = []
  for (let node = popSmallest(free); node !== undefined; node = popSmallest(free)) {
    order.push(node)
    for (const next of after[node]!) if (--waiting[next]! === 0) pushHeap(free, next)
  }
  return order
}

/**
 * The cycles met by one walk over `nodes` along `before`: at least one for each knot of nodes that reach each other.
 * Each is listed in the order in which one node must follow the other, from its smallest node, without repeating it.
 */
export function findCycles(before: readonly (readonly number[])[], nodes: Iterable<number>): number[][] {
  const cycles: number[][] = []
  const done = new Set<number>()
  for (const start of nodes) {
    if (done.has(start)) continue
    const path: number[] = []
    const depth = new Map<number, number>()
    const open: Iterator<number>[] = []
    const enter = (node: number) => {
      depth.set(node, path.length)
      path.push(node)
      open.push(before[node]![Symbol.iterator]())
    }
    enter(start)
    // A loop with its own stack: a recursive walk would overflow on a history of thousands.
    while (open.length > 0) {
      const next = open.at(-1)!.next()
      if (next.done) {
        open.pop()
        const left = path.pop()!
        depth.delete(left)
        done.add(left)
        continue
      }
      const from = depth.get(next.value)
      if (from !== undefined) cycles.push(fromSmallest(path.slice(from).reverse()))
      else if (!done.has(next.value)) enter(next.value)
    }
  }
  return cycles
}

function fromSmallest(cycle: readonly number[]): number[] {
  const at = cycle.indexOf(Math.min(...cycle))
  return [...cycle.slice(at), ...cycle.slice(0, at)]
}

// A binary heap in an array, smallest on top. A list sorted upwards is a valid heap.
function pushHeap(heap: number[], value: number): void {
  let at = heap.push(value) - 1
  while (at > 0) {
    const up = (at - 1) >> 1
    if (heap[up]! <= value) break
    heap[at] = heap[up]!
    at = up
  }
  heap[at] = value
}

function popSmallest(heap: number[]): number | undefined {
  const top = heap[0]
  const value = heap.pop()
  if (value === undefined || heap.length === 0) return top
  let at = 0
  for (;;) {
    let down = at * 2 + 1
    if (down >= heap.length) break
    if (down + 1 < heap.length && heap[down + 1]! < heap[down]!) down++
    if (heap[down]! >= value) break
    heap[at] = heap[down]!
    at = down
  }
  heap[at] = value
  return top
}
