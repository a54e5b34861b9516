// What Chroma can do with schemas as data: they are read and compared. Changes are not turned into statements, because
// the store has no SQL.
import { GodwitError } from '../../core/error.ts'
import type { SchemaObject } from '../../schema/model/object.ts'
import type { SchemaPart } from '../schema-part.ts'
import { chromaIntrospector } from './introspect.ts'

export const schemaPart: SchemaPart = {
  introspector: chromaIntrospector,
  renderer: {
    ordered: new Set(),
    // A rename is not asked about: it could not be answered with statements either.
    renamable: new Set(),
    create: refuse,
    drop: refuse,
    alter: ({ after }) => refuse(after),
    rename: refuse,
  },
}

/** @throws GodwitError SCHEMA.UNSUPPORTED always */
function refuse({ kind, path }: SchemaObject): never {
  throw new GodwitError('SCHEMA.UNSUPPORTED', `the change of ${kind} ${path.join('.')} cannot be written as SQL`, {
    why: 'Chroma has no SQL: its revisions are TypeScript. Nothing was changed.',
    next: ['godwit new "what changes"'],
    meta: { kind, name: path.join('.') },
  })
}
