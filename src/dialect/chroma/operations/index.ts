// The Chroma part of a code revision's `m`. Every change is a step, recorded and skipped when it was done before;
// reads are not. All of it works in `up` and in `down`.
import type { OperationsContext } from '../../operations.ts'
import type { ChromaClient } from '../client.ts'
import { clientOf } from '../session.ts'
import { collectionOperations } from './collection.ts'
import { copyOperations } from './copy.ts'
import { recordOperations } from './record.ts'
import { switchOperations } from './switch.ts'

/** What `up(m)` and `down(m)` of a Chroma revision get. */
export interface ChromaContext extends ReturnType<typeof chromaOperations> {
  /** Tells the person who runs it. */
  log(message: string): void
  /** The REST client. What is done through it is not recorded step by step. */
  readonly client: ChromaClient
  /** Name of the database in the configuration. */
  readonly database: string
  readonly dialect: string
  readonly direction: 'up' | 'down'
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal
}

export function chromaOperations(context: OperationsContext) {
  const scope = {
    client: clientOf(context.session).within(context.signal),
    step: context.step,
    signal: context.signal,
  }
  return {
    ...collectionOperations(scope),
    ...recordOperations(scope),
    ...copyOperations(scope),
    ...switchOperations(scope),
  }
}
