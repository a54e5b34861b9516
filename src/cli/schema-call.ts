// What the verbs on schemas share: where the call is made, and the database it means when it means the configured one.
import type { ResolvedDatabase } from '../config/resolved.ts'
import { GodwitError } from '../core/error.ts'
import type { ReadSchemaOptions } from '../library/schema.ts'
import type { SchemaPlace } from '../library/schema-side.ts'
import type { NotCompared } from '../schema/model/snapshot.ts'
import type { Call } from './command.ts'
import { singleDatabase } from './single.ts'

/** The configuration is loaded only when a schema or the kind of store comes from it. */
export function schemaPlace(call: Call): SchemaPlace {
  return { cwd: call.io.cwd, database: () => configuredDatabase(call) }
}

export async function configuredDatabase(call: Call): Promise<ResolvedDatabase> {
  const { godwit, loaded } = await call.open({ offline: true })
  const name = singleDatabase(call, godwit.databases)
  return loaded.config.databases.find(database => database.name === name) as ResolvedDatabase
}

/** @param from default schema */
export function schemaCall(call: Call, from = 'live'): { options: ReadSchemaOptions; place: SchemaPlace } {
  const { flags } = call
  const options: ReadSchemaOptions = {
    from: flags.from ?? from,
    signal: call.signal,
    ...(flags.dialect === undefined ? {} : { dialect: flags.dialect }),
    ...(flags.scratch === undefined ? {} : { scratch: flags.scratch }),
  }
  return { options, place: schemaPlace(call) }
}

/** The first of the forms is the default. @throws GodwitError CLI.USAGE_INVALID */
export function formatOf(call: Call, forms: readonly string[]): string {
  const { format = forms[0] ?? '' } = call.flags
  if (forms.includes(format)) return format
  throw new GodwitError('CLI.USAGE_INVALID', `--format is ${forms.join(' or ')}, not "${format}".`, {
    why: 'Nothing was read.',
    next: forms.map(form => `godwit ${call.verb} --format ${form}`),
  })
}

/** For headings and reports: a URL may hold a secret and is not told. */
export const sourceName = (source: string): string => (/^url:|:\/\//.test(source) ? 'url' : source)

export function tellNotCompared(call: Call, entries: readonly NotCompared[]): void {
  for (const { kind, names, count } of entries) {
    call.note(`Not compared: ${count} ${kind} (${names.slice(0, 5).join(', ')}${count > 5 ? ', …' : ''}).`)
  }
}
