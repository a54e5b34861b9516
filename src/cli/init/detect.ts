// What a project uses already: drivers, ORM, another migration tool, a folder of migrations. Only reads, and only names
// that are certain: a guess is offered as one.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Kind = 'postgres' | 'pglite' | 'mysql' | 'sqlite' | 'duckdb' | 'chroma'

export interface Project {
  /** A package.json is there. */
  readonly isPackage: boolean
  readonly typescript: boolean
  readonly manager: 'npm' | 'pnpm' | 'yarn' | 'bun'
  /** Stores whose drivers are installed, most likely first. */
  readonly kinds: readonly Kind[]
  readonly orm: string | undefined
  readonly tool: string | undefined
  readonly folder: { readonly path: string; readonly layout: string; readonly files: number } | undefined
  readonly hasGodwit: boolean
}

const drivers: readonly (readonly [string, Kind])[] = [
  ['pg', 'postgres'],
  ['postgres', 'postgres'],
  ['@neondatabase/serverless', 'postgres'],
  ['@electric-sql/pglite', 'pglite'],
  ['mysql2', 'mysql'],
  ['mysql', 'mysql'],
  ['mariadb', 'mysql'],
  ['better-sqlite3', 'sqlite'],
  ['libsql', 'sqlite'],
  ['@libsql/client', 'sqlite'],
  ['sqlite3', 'sqlite'],
  ['@duckdb/node-api', 'duckdb'],
  ['duckdb', 'duckdb'],
  ['chromadb', 'chroma'],
]

const orms: readonly (readonly [string, string])[] = [
  ['@prisma/client', 'Prisma'],
  ['drizzle-orm', 'Drizzle'],
  ['typeorm', 'TypeORM'],
  ['@mikro-orm/core', 'MikroORM'],
  ['sequelize', 'Sequelize'],
  ['kysely', 'Kysely'],
  ['knex', 'Knex'],
  ['objection', 'Objection'],
]

const tools: readonly (readonly [string, string])[] = [
  ['prisma', 'Prisma Migrate'],
  ['drizzle-kit', 'Drizzle Kit'],
  ['node-pg-migrate', 'node-pg-migrate'],
  ['knex', 'Knex'],
  ['umzug', 'Umzug'],
  ['sequelize-cli', 'Sequelize CLI'],
  ['dbmate', 'dbmate'],
  ['graphile-migrate', 'graphile-migrate'],
  ['db-migrate', 'db-migrate'],
  ['postgres-migrations', 'postgres-migrations'],
  ['kysely-ctl', 'kysely-ctl'],
  ['typeorm', 'TypeORM'],
  ['@mikro-orm/migrations', 'MikroORM'],
  ['supabase', 'Supabase CLI'],
]

const folders: readonly string[] = [
  'migrations',
  'db/migrations',
  'db/migrate',
  'prisma/migrations',
  'supabase/migrations',
  'database/migrations',
  'src/migrations',
  'sql/migrations',
  'drizzle',
]

export function detectProject(root: string): Project {
  const manifest = readManifest(root)
  const packages = new Set(Object.keys(manifest ?? {}))
  const found = drivers.filter(([name]) => packages.has(name)).map(([, kind]) => kind)
  return {
    isPackage: manifest !== undefined,
    typescript: packages.has('typescript') || existsSync(join(root, 'tsconfig.json')),
    manager: managerOf(root),
    kinds: [...new Set(found)],
    orm: orms.find(([name]) => packages.has(name))?.[1],
    tool: tools.find(([name]) => packages.has(name))?.[1] ?? toolByFiles(root),
    folder: findFolder(root),
    hasGodwit: packages.has('godwit'),
  }
}

function readManifest(root: string): Record<string, unknown> | undefined {
  try {
    const text = readFileSync(join(root, 'package.json'), 'utf8').replace(/^\uFEFF/, '')
    const manifest = JSON.parse(text) as Record<string, Record<string, unknown> | undefined>
    return { ...manifest['dependencies'], ...manifest['devDependencies'], ...manifest['optionalDependencies'] }
  } catch {
    return undefined
  }
}

function managerOf(root: string): Project['manager'] {
  if (existsSync(join(root, 'pnpm-lock.yaml'))) return 'pnpm'
  if (existsSync(join(root, 'yarn.lock'))) return 'yarn'
  return existsSync(join(root, 'bun.lock')) || existsSync(join(root, 'bun.lockb')) ? 'bun' : 'npm'
}

function toolByFiles(root: string): string | undefined {
  const marks: readonly (readonly [string, string])[] = [
    ['alembic.ini', 'Alembic'],
    ['flyway.conf', 'Flyway'],
    ['flyway.toml', 'Flyway'],
    ['sqitch.conf', 'sqitch'],
    ['diesel.toml', 'diesel'],
    ['atlas.hcl', 'Atlas'],
    ['.gmrc', 'graphile-migrate'],
    ['knexfile.js', 'Knex'],
    ['knexfile.ts', 'Knex'],
    ['supabase/config.toml', 'Supabase CLI'],
  ]
  return marks.find(([file]) => existsSync(join(root, file)))?.[1]
}

function findFolder(root: string): Project['folder'] {
  for (const path of folders) {
    const names = namesIn(join(root, path))
    const layout = layoutOf(join(root, path), names)
    if (layout !== undefined) return { path, ...layout }
  }
  return undefined
}

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** The layouts that run as they are; undefined when the folder holds none of them. */
function layoutOf(folder: string, names: readonly string[]): { layout: string; files: number } | undefined {
  const sql = names.filter(name => name.endsWith('.sql'))
  const inside = (file: string): number => names.filter(name => existsSync(join(folder, name, file))).length
  const prisma = inside('migration.sql')
  if (prisma > 0) return { layout: 'Prisma (*/migration.sql)', files: prisma }
  const diesel = inside('up.sql')
  if (diesel > 0) return { layout: 'diesel (*/up.sql)', files: diesel }
  const pairs = sql.filter(name => name.endsWith('.up.sql'))
  if (pairs.length > 0) return { layout: 'golang-migrate (*.up.sql)', files: pairs.length }
  const [first] = sql
  if (first === undefined) return undefined
  let text = ''
  try {
    text = readFileSync(join(folder, first), 'utf8')
  } catch {
    // Unreadable now: the first run will say so with its code.
  }
  if (/^--\s*\+goose\s+Up/im.test(text)) return { layout: 'goose', files: sql.length }
  if (/^--\s*migrate:up/im.test(text)) return { layout: 'dbmate', files: sql.length }
  return { layout: 'plain SQL files', files: sql.length }
}
