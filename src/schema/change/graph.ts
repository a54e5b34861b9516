// An order in which each node comes after those it needs: smallest first where there is a choice, the same every time.

export interface Ordering {
  /** Names of the nodes in order; nodes of a cycle that could not be broken come last, in their usual order. */
  readonly order: readonly string[]
  /** The nodes that were left when only cycles remained; empty when there was none. */
  readonly cycle: readonly string[]
}

/** `needs`: for each node the nodes that must come before it. `soft` edges may be given up to break a cycle. */
export function orderNodes(
  nodes: readonly string[],
  needs: ReadonlyMap<string, ReadonlySet<string>>,
  compare: (a: string, b: string) => number,
): Ordering {
  const waiting = new Map<string, number>()
  const followers = new Map<string, string[]>()
  for (const node of nodes) {
    let count = 0
    for (const need of needs.get(node) ?? []) {
      if (need === node) continue
      count++
      const list = followers.get(need)
      if (list) list.push(node)
      else followers.set(need, [node])
    }
    waiting.set(node, count)
  }
  const ready = new Heap(compare)
  for (const node of nodes) if (waiting.get(node) === 0) ready.push(node)
  const order: string[] = []
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    order.push(node)
    waiting.delete(node)
    for (const follower of followers.get(node) ?? []) {
      const left = (waiting.get(follower) as number) - 1
      waiting.set(follower, left)
      if (left === 0) ready.push(follower)
    }
  }
  const rest = [...waiting.keys()]
  return { order: [...order, ...rest.sort(compare)], cycle: onCycle(rest, needs) }
}

/** Of the nodes that are left, those on a cycle, not those that only wait for one. */
function onCycle(rest: readonly string[], needs: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const left = new Set(rest)
  // A node nobody left waits for is on no cycle.
  for (let shrank = true; shrank; ) {
    shrank = false
    const needed = new Set<string>()
    for (const node of left)
      for (const need of needs.get(node) ?? []) if (need !== node && left.has(need)) needed.add(need)
    for (const node of left) {
      if (needed.has(node)) continue
      left.delete(node)
      shrank = true
    }
  }
  return [...left]
}

class Heap {
  readonly #items: string[] = []
  readonly #compare: (a: string, b: string) => number

  constructor(compare: (a: string, b: string) => number) {
    this.#compare = compare
  }

  push(item: string): void {
    const items = this.#items
    items.push(item)
    for (let at = items.length - 1; at > 0; ) {
      const up = (at - 1) >> 1
      if (this.#compare(items[at] as string, items[up] as string) >= 0) break
      swap(items, at, up)
      at = up
    }
  }

  pop(): string | undefined {
    const items = this.#items
    const [first] = items
    const last = items.pop()
    if (last === undefined || items.length === 0) return first
    items[0] = last
    for (let at = 0; ; ) {
      const left = at * 2 + 1
      const right = left + 1
      let least = at
      if (left < items.length && this.#compare(items[left] as string, items[least] as string) < 0) least = left
      if (right < items.length && this.#compare(items[right] as string, items[least] as string) < 0) least = right
      if (least === at) break
      swap(items, at, least)
      at = least
    }
    return first
  }
}

function swap(items: string[], a: number, b: number): void {
  const kept = items[a] as string
  items[a] = items[b] as string
  items[b] = kept
}
