// What holds no rows: views, routines, triggers, events.
import type { Json } from '../../../schema/model/object.ts'
import { type Catalog, keyOf, readingMode, type Row, spelled, text } from './catalog.ts'
import { nameOf, tokensOf } from './token.ts'

/** @param row of information_schema.views: names of tables are qualified there, so it tells what the view needs
 *  @param create SHOW CREATE VIEW, which names things of the current database plainly, and the algorithm on both servers */
export function readView(catalog: Catalog, row: Row, create: string): void {
  const name = text(row, 'table_name')
  const algorithm = /^CREATE ALGORITHM=(\w+) /.exec(create)?.[1]
  const check = text(row, 'check_option')
  // Behind the name, which may hold anything.
  const tokens = tokensOf(create)
  const at = tokens.findIndex((token, index) => nameOf(token) === name && /^AS$/i.test(tokens[index + 1]?.text ?? ''))
  let definition = create.slice((tokens[at + 1]?.end ?? 0) + 1)
  if (check !== 'NONE') definition = definition.replace(/ WITH (?:CASCADED|LOCAL) CHECK OPTION$/, '')
  catalog.add(
    'view',
    [name],
    {
      definition: catalog.plain(definition),
      algorithm: algorithm === 'UNDEFINED' ? undefined : algorithm,
      security: text(row, 'security_type') === 'INVOKER' ? 'invoker' : undefined,
      checkOption: check === 'NONE' ? undefined : check.toLowerCase(),
      definer: catalog.definer(row),
    },
    { depends: needs(catalog, text(row, 'view_definition'), keyOf('view', [name])) },
  )
}

/** Tables, views and functions that a definition with qualified names mentions. */
function needs(catalog: Catalog, definition: string, self: string): string[] {
  const tokens = tokensOf(definition)
  const found = new Set<string>()
  tokens.forEach((token, index) => {
    const name = nameOf(token)
    if (name === undefined) return
    if (tokens[index + 1]?.text === '(') found.add(keyOf('function', [name]))
    const qualified = tokens[index - 1]?.text === '.' && nameOf(tokens[index - 2]) === catalog.database
    const key = catalog.relations.get(name)
    if (qualified && key !== undefined && key !== self) found.add(key)
  })
  return [...found]
}

export function readRoutine(catalog: Catalog, row: Row, parameters: readonly Row[]): void {
  const name = text(row, 'routine_name')
  const kind = text(row, 'routine_type').toLowerCase()
  if (kind !== 'function' && kind !== 'procedure') {
    catalog.skip(kind, name)
    return
  }
  const [returns] = parameters.filter(parameter => Number(parameter['ordinal_position']) === 0)
  const list = parameters.filter(parameter => Number(parameter['ordinal_position']) > 0)
  const body = text(row, 'routine_definition')
  const access = text(row, 'sql_data_access')
  catalog.add(kind, [name], {
    spelled: spelled(name),
    parameters: list.map(parameter => {
      const mode = kind === 'procedure' ? `${text(parameter, 'parameter_mode')} ` : ''
      const value = parameter['parameter_default']
      const usual = value === null || value === undefined ? '' : ` DEFAULT ${String(value)}`
      return `${mode}\`${text(parameter, 'parameter_name').replaceAll('`', '``')}\` ${typeOf(catalog, parameter)}${usual}`
    }),
    returns: returns === undefined ? undefined : typeOf(catalog, returns),
    // Only such a function fetches the rows of its group.
    aggregate: (kind === 'function' && /\bFETCH\s+GROUP\s+NEXT\s+ROW\b/i.test(body)) || undefined,
    definition: catalog.plain(body),
    deterministic: text(row, 'is_deterministic') === 'YES' || undefined,
    access: access === 'CONTAINS SQL' ? undefined : access.toLowerCase(),
    security: text(row, 'security_type') === 'INVOKER' ? 'invoker' : undefined,
    comment: text(row, 'routine_comment') || undefined,
    sqlMode: readingMode(row['sql_mode'], body),
    definer: catalog.definer(row),
  })
}

function typeOf(catalog: Catalog, row: Row): string {
  const type = text(row, 'dtd_identifier')
  const collation = text(row, 'collation_name')
  if (collation === '' || collation === catalog.collation) return type
  const charset = text(row, 'character_set_name')
  return catalog.charsets.get(charset) === collation
    ? `${type} CHARSET ${charset}`
    : `${type} CHARSET ${charset} COLLATE ${collation}`
}

/** Triggers of one table, moment and event run in their order, so each needs the one before it. */
export function readTriggers(catalog: Catalog, rows: readonly Row[]): void {
  const last = new Map<string, string>()
  const sorted = [...rows].sort((a, b) => Number(a['action_order']) - Number(b['action_order']))
  for (const row of sorted) {
    const name = text(row, 'trigger_name')
    const table = text(row, 'event_object_table')
    const [timing, event] = [text(row, 'action_timing'), text(row, 'event_manipulation')]
    const order = Number(row['action_order'])
    const key = keyOf('trigger', [table, name])
    const group = `${table} ${timing} ${event}`
    const before = last.get(group)
    last.set(group, key)
    catalog.add(
      'trigger',
      [table, name],
      {
        timing: timing.toLowerCase(),
        event: event.toLowerCase(),
        order: order > 1 ? order : undefined,
        definition: catalog.plain(text(row, 'action_statement')),
        sqlMode: readingMode(row['sql_mode'], text(row, 'action_statement')),
        definer: catalog.definer(row),
      },
      { parent: catalog.relations.get(table) ?? null, depends: before === undefined ? [] : [before] },
    )
  }
}

/** `row.implied`: the first time it runs is the moment at which it was made. */
export function readEvent(catalog: Catalog, row: Row): void {
  const [starts, ends] = [text(row, 'starts'), text(row, 'ends')]
  const at = text(row, 'execute_at')
  const implied = Number(row['implied'] ?? 0) === 1
  const interval = text(row, 'interval_value')
  const field = text(row, 'interval_field')
  const schedule: Json =
    at === ''
      ? {
          // Intervals of several fields come in quotes.
          every: `${interval} ${field}`,
          ...(starts === '' || implied ? {} : { starts }),
          ...(ends === '' ? {} : { ends }),
        }
      : { at }
  const status = text(row, 'status')
  catalog.add('event', [text(row, 'event_name')], {
    spelled: spelled(text(row, 'event_name')),
    schedule,
    status: status === 'ENABLED' ? undefined : status.toLowerCase().replaceAll('_', ' '),
    preserve: text(row, 'on_completion') === 'PRESERVE' || undefined,
    comment: text(row, 'event_comment') || undefined,
    definition: catalog.plain(text(row, 'event_definition')),
    sqlMode: readingMode(row['sql_mode'], text(row, 'event_definition')),
    definer: catalog.definer(row),
  })
}
