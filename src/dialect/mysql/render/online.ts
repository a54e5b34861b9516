// What can be said so that writers are not blocked: the server then refuses a change that would block them, before it
// begins (MariaDB Knowledge Base "InnoDB Online DDL Overview", MySQL Reference Manual "Online DDL Operations").
import type { Change } from '../../../schema/change/change.ts'
import type { RenderContext } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { storageOf } from './column.ts'
import { flag, text } from './name.ts'

/** Undefined where the change has to copy the table or block writers. */
export function onlineClause(
  { before, after }: { readonly before: SchemaObject; readonly after: SchemaObject },
  changes: readonly Change[],
  context: RenderContext,
): string | undefined {
  if (text(before, 'engine') !== 'InnoDB' || text(after, 'engine') !== 'InnoDB') return undefined
  if (flag(before, 'versioned') || flag(after, 'versioned')) return undefined
  const parts = [...context.before.children(before.key, 'index'), ...context.after.children(after.key, 'index')]
  if (parts.some(part => /^(?:FULLTEXT|SPATIAL|VECTOR) /.test(text(part, 'definition') ?? ''))) return undefined
  return changes.every(isOnline) ? 'ALGORITHM=INPLACE, LOCK=NONE' : undefined
}

function isOnline(change: Change): boolean {
  if (change.type === 'rename') return false
  if (change.type === 'alter') {
    if (change.after.kind === 'index') return true
    if (change.after.kind !== 'column') return change.changed.join() === 'comment'
    return change.changed.every(name => name === 'default' || name === 'comment')
  }
  const object = change.type === 'create' ? change.after : change.before
  if (object.kind === 'index') return true
  if (object.kind !== 'column') return false
  if (change.type === 'drop') return storageOf(object) !== 'stored'
  return storageOf(object) === 'base' && !flag(object, 'autoIncrement') && object.properties['check'] === undefined
}
