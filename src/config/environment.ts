// Which environment a command works in, and whether changes to it need consent by name.
import { GodwitError } from '../core/error.ts'
import type { EnvironmentConfig, GodwitConfig } from './config.ts'
import { didYouMean } from './nearest.ts'

/** Known without being configured. Others must be in the configuration, so that a slip does not pass as a new one. */
export const knownEnvironments: readonly string[] = ['development', 'test', 'staging', 'production']

export interface Environment {
  readonly name: string
  readonly protected: boolean
  readonly envFiles: boolean
  readonly config: EnvironmentConfig
}

/**
 * @param asked `--env` or `GODWIT_ENV`
 * @throws GodwitError CONFIG.ENVIRONMENT_UNKNOWN
 */
export function resolveEnvironment(asked: string | undefined, config: GodwitConfig | undefined): Environment {
  const name = asked ?? config?.defaultEnvironment ?? 'development'
  const configured = config?.environments ?? {}
  const own = Object.hasOwn(configured, name) ? configured[name] : undefined
  if (own === undefined && !knownEnvironments.includes(name)) {
    const known = [...new Set([...Object.keys(configured), ...knownEnvironments])]
    throw new GodwitError(
      'CONFIG.ENVIRONMENT_UNKNOWN',
      `There is no environment "${name}".${didYouMean(name, known)}`,
      {
        why: `Known are ${known.join(', ')}. Others are named under "environments" of the configuration file. No database was touched.`,
        meta: { environment: name, known },
      },
    )
  }
  const isProtected = own?.protected ?? name === 'production'
  return { name, protected: isProtected, envFiles: own?.envFiles ?? !isProtected, config: own ?? {} }
}
