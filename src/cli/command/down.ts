// `godwit down [target]`: undoes revisions, the last one by default.
import type { Command } from '../command.ts'
import { migrate } from '../migrate.ts'

export const command: Command = call => migrate(call, 'down')
