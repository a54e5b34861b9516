// One pair of schemas: load both, ask for the SQL that leads from one to the other, run it with the plain client, and
// see whether the databases are equal, the next diff is empty and the rows are still there.
import type { SchemaPart } from '../../../src/dialect/schema-part.ts'
import type { Dialect } from '../../../src/dialect/dialect.ts'
import { planChanges } from '../../../src/schema/change/plan.ts'
import { diffSnapshots } from '../../../src/schema/diff/diff.ts'
import type { Change } from '../../../src/schema/change/change.ts'
import type { Snapshot } from '../../../src/schema/model/snapshot.ts'
import { loadComparer } from '../plain-client.ts'
import type { Counts, DiffStore, Pair, Target } from './store.ts'

export interface Outcome {
  readonly id: string
  /** Undefined: it could be applied. */
  readonly failed?: string
  /** By the independent comparer; columns in another order where the store cannot move them are told apart. */
  readonly equal: boolean
  readonly order: boolean
  readonly empty: boolean
  /** `refused`: the rows did not fit the wanted schema, so the server refused and the script was tried without rows. */
  readonly data: 'kept' | 'lost' | 'refused'
  /** The first difference of each kind. */
  readonly first: readonly string[]
  readonly statements: readonly string[]
}

export async function snapshotOf(dialect: Dialect): Promise<Snapshot> {
  const session = await dialect.open({ purpose: 'read' })
  try {
    const part = await dialect.schema?.()
    if (!part) throw new Error(`${dialect.name} cannot read schemas`)
    return await part.introspector.introspect(session)
  } finally {
    await session.close()
  }
}

export async function rendererOf(dialect: Dialect): Promise<SchemaPart['renderer']> {
  const part = await dialect.schema?.()
  if (!part) throw new Error(`${dialect.name} has no renderer`)
  return part.renderer
}

export async function tryPair(pair: Pair, store: DiffStore): Promise<Outcome> {
  const targets: Target[] = []
  const open = async (sql: string): Promise<Target> => {
    const target = await store.fresh(pair)
    targets.push(target)
    const failure = await store.load(target, sql)
    if (failure !== undefined) throw new Error(`does not load: ${failure.message}`)
    return target
  }
  try {
    const wanted = await open(pair.desired)
    const first = await open(pair.current)
    await store.fill(first)
    const attempt = await applyTo(first, wanted, store)
    if (attempt.failure?.isData !== true) return await judge(pair, first, wanted, store, attempt, false)
    const second = await open(pair.current)
    return await judge(pair, second, wanted, store, await applyTo(second, wanted, store), true)
  } finally {
    for (const target of targets) await target.dispose()
  }
}

interface Attempt {
  readonly before: Counts
  readonly statements: readonly string[]
  readonly unresolved: readonly string[]
  readonly failure: { readonly message: string; readonly isData: boolean } | undefined
}

async function applyTo(target: Target, wanted: Target, store: DiffStore): Promise<Attempt> {
  const part = await wanted.dialect.schema?.()
  if (!part) throw new Error(`${wanted.dialect.name} cannot render schemas`)
  const { renderer } = part
  const [before, after] = [await snapshotOf(target.dialect), await snapshotOf(wanted.dialect)]
  const changes = diffSnapshots(before, after, { ordered: renderer.ordered })
  const plan = planChanges(changes, before, after, renderer)
  const counted = await store.counts(target)
  const failure = await store.apply(target, plan.statements)
  return {
    before: counted,
    statements: plan.statements.map(({ sql, alone }) => (alone ? `/* alone */ ${sql}` : sql)),
    unresolved: plan.unresolved,
    failure,
  }
}

async function judge(
  pair: Pair,
  target: Target,
  wanted: Target,
  store: DiffStore,
  attempt: Attempt,
  isRefused: boolean,
): Promise<Outcome> {
  const { statements } = attempt
  if (attempt.failure !== undefined) {
    const failed = attempt.failure.message
    return { id: pair.id, failed, equal: false, order: false, empty: false, data: 'kept', first: [failed], statements }
  }
  const { fingerprint, compare } = await loadComparer()
  const [a, b] = [await fingerprint(target.connection), await fingerprint(wanted.connection)]
  const { differences } = compare(a, b)
  const structural = differences.filter(({ cat }) => cat !== 'columnorder')
  const renderer = await rendererOf(wanted.dialect)
  const again = diffSnapshots(await snapshotOf(target.dialect), await snapshotOf(wanted.dialect), {
    ordered: renderer.ordered,
  })
  const lost = lostIn(attempt.before, await store.counts(target))
  const [difference] = structural
  return {
    id: pair.id,
    equal: structural.length === 0,
    order: differences.length > structural.length,
    empty: again.length === 0,
    data: isRefused ? 'refused' : lost.length === 0 ? 'kept' : 'lost',
    first: [
      ...(difference === undefined
        ? []
        : [`${difference.key}: ${difference.a ?? '(absent)'} <> ${difference.b ?? '(absent)'}`]),
      ...(again[0] === undefined ? [] : [`second diff: ${describe(again[0])}`]),
      ...(lost.length === 0 || isRefused ? [] : [`lost: ${lost.join(', ')}`]),
      ...(attempt.unresolved.length === 0 ? [] : [`circle: ${attempt.unresolved.join(', ')}`]),
    ],
    statements,
  }
}

function describe(change: Change): string {
  if (change.type === 'create') return `create ${change.after.key}`
  if (change.type !== 'alter') return `${change.type} ${change.before.key}`
  const values = change.changed.map(
    name =>
      `${name} ${JSON.stringify(change.before.properties[name])} -> ${JSON.stringify(change.after.properties[name])}`,
  )
  return `alter ${change.after.key}: ${values.join('; ')}`
}

/** Tables and columns that are there before and after, and have fewer rows or values. */
function lostIn(before: Counts, after: Counts): string[] {
  return [...before].filter(([name, count]) => (after.get(name) ?? count) < count).map(([name]) => name)
}
