// Which siblings have to move so that the common ones stand in the wanted order: as few as possible.
import type { SchemaObject } from '../model/object.ts'
import type { Snapshot } from '../model/snapshot.ts'

/** Keys of the objects of the given kinds that are not in their place relative to the siblings both schemas have. */
export function movedKeys(before: Snapshot, after: Snapshot, kinds: ReadonlySet<string>): Set<string> {
  const moved = new Set<string>()
  if (kinds.size === 0) return moved
  const old = siblings(before, kinds)
  for (const [group, list] of siblings(after, kinds)) {
    const was = new Map((old.get(group) ?? []).map((object, index) => [object.key, index]))
    const common = list.filter(object => was.has(object.key))
    const stay = longestRise(common.map(object => was.get(object.key) as number))
    common.forEach((object, index) => {
      if (!stay.has(index)) moved.add(object.key)
    })
  }
  return moved
}

function siblings(snapshot: Snapshot, kinds: ReadonlySet<string>): Map<string, SchemaObject[]> {
  const groups = new Map<string, SchemaObject[]>()
  for (const object of snapshot.objects) {
    if (object.position === undefined || !kinds.has(object.kind)) continue
    const group = `${object.kind} ${object.parent ?? ''}`
    const list = groups.get(group)
    if (list) list.push(object)
    else groups.set(group, [object])
  }
  for (const list of groups.values()) list.sort((a, b) => (a.position as number) - (b.position as number))
  return groups
}

/** Indexes of a longest rising subsequence. */
function longestRise(values: readonly number[]): Set<number> {
  /** Entry n: index of the smallest value that ends a rise of length n + 1. */
  const ends: number[] = []
  const previous: number[] = []
  values.forEach((value, index) => {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((values[ends[middle] as number] as number) < value) low = middle + 1
      else high = middle
    }
    previous[index] = low > 0 ? (ends[low - 1] as number) : -1
    ends[low] = index
  })
  const rise = new Set<number>()
  for (let at = ends.at(-1) ?? -1; at !== -1; at = previous[at] as number) rise.add(at)
  return rise
}
