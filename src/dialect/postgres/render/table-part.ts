// Triggers, rules, policies and extended statistics.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderedStatement } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { flag, type KindRenderer, list, statements, text } from './kind.ts'
import { ident, lastName, ownerName, qualified, role } from './name.ts'

/** Before its table is dropped a part needs no statement of its own; the table's renderer includes it. */
const on = (part: SchemaObject): string => `${ident(lastName(part))} ON ${ownerName(part)}`

function enabled(part: SchemaObject, word: 'TRIGGER' | 'RULE'): RenderedStatement {
  const state = text(part, 'enabled')
  const verb = state === 'disabled' ? 'DISABLE' : state === undefined ? 'ENABLE' : `ENABLE ${state.toUpperCase()}`
  return { sql: `ALTER TABLE ${ownerName(part)} ${verb} ${word} ${ident(lastName(part))}` }
}

const ifNotUsual = (part: SchemaObject, word: 'TRIGGER' | 'RULE'): RenderedStatement[] =>
  text(part, 'enabled') === undefined ? [] : [enabled(part, word)]

function replaced(change: Alteration, word: 'TRIGGER' | 'RULE'): RenderedStatement[] {
  const { after, changed } = change
  if (!changed.includes('definition')) return [enabled(after, word)]
  const sql = (text(after, 'definition') ?? '').replace(/^CREATE (?:OR REPLACE )?/, 'CREATE OR REPLACE ')
  return [
    { sql },
    ...(changed.includes('enabled') || text(after, 'enabled') !== undefined ? [enabled(after, word)] : []),
  ]
}

export const triggerKind: KindRenderer = {
  noun: trigger => `TRIGGER ${on(trigger)}`,
  create: trigger => ({ statements: [{ sql: text(trigger, 'definition') ?? '' }, ...ifNotUsual(trigger, 'TRIGGER')] }),
  drop: trigger => statements(`DROP TRIGGER ${on(trigger)}`),
  alter(change) {
    if (
      change.changed.includes('definition') &&
      (flag(change.before, 'constraint') || flag(change.after, 'constraint'))
    ) {
      return 'recreate'
    }
    return { statements: replaced(change, 'TRIGGER') }
  },
  rename: (before, after) => statements(`ALTER TRIGGER ${on(before)} RENAME TO ${ident(lastName(after))}`),
}

export const ruleKind: KindRenderer = {
  noun: rule => `RULE ${on(rule)}`,
  create: rule => ({ statements: [{ sql: text(rule, 'definition') ?? '' }, ...ifNotUsual(rule, 'RULE')] }),
  drop: rule => statements(`DROP RULE ${on(rule)}`),
  alter: change => ({ statements: replaced(change, 'RULE') }),
  rename: (before, after) => statements(`ALTER RULE ${on(before)} RENAME TO ${ident(lastName(after))}`),
}

const roles = (policy: SchemaObject): string =>
  (list(policy, 'roles').length === 0 ? ['public'] : list(policy, 'roles')).map(role).join(', ')

export const policyKind: KindRenderer = {
  noun: policy => `POLICY ${on(policy)}`,
  create: policy =>
    statements(
      [
        `CREATE POLICY ${on(policy)}`,
        flag(policy, 'restrictive') ? ' AS RESTRICTIVE' : '',
        text(policy, 'command') === undefined ? '' : ` FOR ${text(policy, 'command')?.toUpperCase()}`,
        list(policy, 'roles').length === 0 ? '' : ` TO ${roles(policy)}`,
        text(policy, 'using') === undefined ? '' : ` USING (${text(policy, 'using')})`,
        text(policy, 'check') === undefined ? '' : ` WITH CHECK (${text(policy, 'check')})`,
      ].join(''),
    ),
  drop: policy => statements(`DROP POLICY ${on(policy)}`),
  alter({ before, after, changed }) {
    const lost = (name: string): boolean => text(before, name) !== undefined && text(after, name) === undefined
    if (changed.includes('command') || changed.includes('restrictive') || lost('using') || lost('check'))
      return 'recreate'
    return statements(
      [
        `ALTER POLICY ${on(after)}`,
        changed.includes('roles') ? ` TO ${roles(after)}` : '',
        changed.includes('using') ? ` USING (${text(after, 'using')})` : '',
        changed.includes('check') ? ` WITH CHECK (${text(after, 'check')})` : '',
      ].join(''),
    )
  },
  rename: (before, after) => statements(`ALTER POLICY ${on(before)} RENAME TO ${ident(lastName(after))}`),
}

export const statisticsKind: KindRenderer = {
  noun: one => `STATISTICS ${qualified(one.path)}`,
  create: one => statements(text(one, 'definition'), typeof one.properties['target'] === 'number' && target(one)),
  drop: one => statements(`DROP STATISTICS ${qualified(one.path)}`),
  alter: ({ after, changed }) => (changed.includes('definition') ? 'recreate' : statements(target(after))),
}

const target = (one: SchemaObject): string =>
  `ALTER STATISTICS ${qualified(one.path)} SET STATISTICS ${Number(one.properties['target'] ?? -1)}`
