// What `init` writes: the configuration and the folder. A file that exists is never touched.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configNames } from '../../config/find.ts'
import { GodwitError } from '../../core/error.ts'
import type { Kind } from './detect.ts'

export interface InitPlan {
  readonly kind: Kind
  /** Undefined: the configuration reads DATABASE_URL. */
  readonly url: string | undefined
  readonly folder: string
  /** `godwit` is installed here, so that its types can be imported. */
  readonly typed: boolean
}

const driverOf: Readonly<Record<Kind, string | undefined>> = {
  postgres: 'pg',
  pglite: '@electric-sql/pglite',
  mysql: 'mysql2',
  // Node >= 22.13 has its own without a flag; what `npm install better-sqlite3` brings ends Node before 22.
  sqlite: 'libsql',
  duckdb: '@duckdb/node-api',
  chroma: undefined,
}

/** The package to install for a store; undefined when none is needed. */
export function driverPackage(kind: Kind): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const hasSqlite = major > 22 || (major === 22 && minor >= 13)
  return kind === 'sqlite' && hasSqlite ? undefined : driverOf[kind]
}

/** The text of `godwit.config.ts`. */
export function configText(plan: InitPlan): string {
  const url = plan.url === undefined ? '' : `      url: ${quote(plan.url)},\n`
  const folder = plan.folder === 'migrations' ? './migrations' : `./${plan.folder}`
  const body = `{
  databases: {
    main: {
      dialect: '${plan.kind}',
${url}      migrations: '${folder}',
    },
  },
}`
  const note = plan.url === undefined ? '// The URL comes from DATABASE_URL (also from .env), or from --url.\n' : ''
  return plan.typed
    ? `import { defineConfig } from 'godwit'\n\n${note}export default defineConfig(${body})\n`
    : `${note}export default ${body}\n`
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/**
 * Writes what is missing and returns the paths written, relative to `root`.
 * @throws GodwitError FILE.EXISTS when a configuration is there already, FILE.WRITE_FAILED
 */
export function writeProject(root: string, plan: InitPlan): readonly string[] {
  const existing = configNames.find(name => existsSync(join(root, name)))
  if (existing !== undefined)
    throw new GodwitError('FILE.EXISTS', `This project has ${existing} already.`, {
      why: 'godwit init never writes over a file. Nothing was written.',
      next: ['godwit status'],
      where: { file: existing },
    })
  const written: string[] = []
  const make = (path: string, action: () => void): void => {
    try {
      action()
      written.push(path)
    } catch (cause) {
      throw new GodwitError(
        'FILE.WRITE_FAILED',
        `${path} cannot be written: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}.`,
        {
          why: written.length === 0 ? 'Nothing was written.' : `Written before it: ${written.join(', ')}.`,
          where: { file: path },
          cause,
        },
      )
    }
  }
  if (!existsSync(join(root, plan.folder)))
    make(`${plan.folder}/`, () => mkdirSync(join(root, plan.folder), { recursive: true }))
  const config = 'godwit.config.ts'
  make(config, () => {
    mkdirSync(dirname(join(root, config)), { recursive: true })
    writeFileSync(join(root, config), configText(plan), { flag: 'wx' })
  })
  return written
}
