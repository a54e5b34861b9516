// `godwit up [target]`: applies what is pending.
import type { Command } from '../command.ts'
import { migrate } from '../migrate.ts'

export const command: Command = call => migrate(call, 'up')
