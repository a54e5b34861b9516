// `godwit init`: looks at the project, proposes a configuration, and writes it after a yes.
import { readUrl, urlForms } from '../../config/url.ts'
import { GodwitError } from '../../core/error.ts'
import type { Call, Command } from '../command.ts'
import { detectProject, type Kind, type Project } from '../init/detect.ts'
import { driverPackage, type InitPlan, writeProject } from '../init/write.ts'
import { count } from '../view/place.ts'

const kinds: readonly { readonly value: Kind; readonly label: string }[] = [
  { value: 'postgres', label: 'PostgreSQL' },
  { value: 'mysql', label: 'MariaDB or MySQL' },
  { value: 'sqlite', label: 'SQLite' },
  { value: 'duckdb', label: 'DuckDB' },
  { value: 'pglite', label: 'PGlite' },
  { value: 'chroma', label: 'Chroma' },
]

const embedded: Readonly<Partial<Record<Kind, string>>> = {
  sqlite: 'sqlite:./app.db',
  duckdb: 'duckdb:./app.duckdb',
  pglite: 'pglite:./pgdata',
}

export const command: Command = async call => {
  const project = detectProject(call.io.cwd)
  for (const line of describe(project)) call.note(line)
  const plan = await choose(call, project)
  const written = writeProject(call.io.cwd, plan)
  const next = nextCommands(project, plan)
  call.note(`\nNext:\n${next.map(line => `  ${line}`).join('\n')}`)
  return {
    data: { written, dialect: plan.kind, migrations: plan.folder, next },
    text: written.map(path => `${path}\n`).join(''),
  }
}

function describe(project: Project): string[] {
  const lines: string[] = []
  const names = project.kinds.map(kind => kinds.find(entry => entry.value === kind)?.label ?? kind)
  lines.push(names.length === 0 ? 'no database driver is installed here' : `found drivers for ${names.join(', ')}`)
  if (project.orm !== undefined) lines.push(`ORM: ${project.orm}; godwit works beside it`)
  if (project.tool !== undefined)
    lines.push(`another migration tool: ${project.tool}; let only one of the two change the database`)
  if (project.folder !== undefined)
    lines.push(
      `${count(project.folder.files, 'migration')} in ${project.folder.path}, layout ${project.folder.layout}: they run as they are`,
    )
  return lines
}

async function choose(call: Call, project: Project): Promise<InitPlan> {
  const { url } = call.flags
  const given = url === undefined ? undefined : readUrl(url, call.io.cwd, '--url').kind
  const kind = given ?? project.kinds[0] ?? kindOfTool(project)
  const folder = call.flags.migrations?.replace(/^\.\//, '').replace(/\/$/, '') ?? project.folder?.path ?? 'migrations'
  const typed = project.hasGodwit
  if (call.flags.yes || !call.interactive) {
    if (!call.flags.yes)
      throw new GodwitError(
        'CLI.CONSENT_MISSING',
        'godwit init asks before it writes, and there is no terminal to ask on.',
        {
          why: 'Nothing was written.',
          next: ['godwit init --yes', 'godwit init --yes --url sqlite:./app.db'],
        },
      )
    const chosen = kind ?? 'sqlite'
    return { kind: chosen, url: safeUrl(url) ?? (given === undefined ? embedded[chosen] : undefined), folder, typed }
  }
  const { confirm, isCancel, select, text } = await import('@clack/prompts')
  const output = call.io.stderr as never
  const stop = (answer: unknown): void => {
    if (isCancel(answer))
      throw new GodwitError('CLI.CONSENT_MISSING', 'godwit init was cancelled.', { why: 'Nothing was written.' })
  }
  const chosen =
    given ??
    (await select({
      message: 'Which database?',
      options: [...kinds],
      output,
      ...(kind === undefined ? {} : { initialValue: kind }),
    }))
  stop(chosen)
  const path = await text({ message: 'Folder of the revisions', initialValue: folder, output })
  stop(path)
  const plan: InitPlan = {
    kind: chosen as Kind,
    url: safeUrl(url) ?? embedded[chosen as Kind],
    folder: String(path),
    typed,
  }
  const yes = await confirm({ message: `Write godwit.config.ts for ${plan.kind} and use ${plan.folder}/?`, output })
  stop(yes)
  if (yes !== true)
    throw new GodwitError('CLI.CONSENT_MISSING', 'godwit init was declined.', { why: 'Nothing was written.' })
  return plan
}

/** A URL goes into a file only when it holds no secret. */
function safeUrl(url: string | undefined): string | undefined {
  return url === undefined || /^[a-z+]+:\/\//i.test(url) ? undefined : url
}

/** The store that a tool or ORM implies, where it does. */
function kindOfTool(project: Project): Kind | undefined {
  return project.tool === 'Supabase CLI' || project.tool === 'node-pg-migrate' || project.tool === 'graphile-migrate'
    ? 'postgres'
    : undefined
}

function nextCommands(project: Project, plan: InitPlan): string[] {
  const add = { npm: 'npm install', pnpm: 'pnpm add', yarn: 'yarn add', bun: 'bun add' }[project.manager]
  const driver = driverPackage(plan.kind)
  const missing = [
    ...(project.hasGodwit || !project.isPackage ? [] : ['godwit']),
    ...(driver === undefined || project.kinds.includes(plan.kind) ? [] : [driver]),
  ]
  const lines = missing.length === 0 ? [] : [`${add} ${missing.join(' ')}`]
  if (plan.url === undefined)
    lines.push(`export DATABASE_URL='${urlForms.find(form => form.startsWith(plan.kind)) ?? ''}'`)
  lines.push(...(project.folder === undefined ? ['godwit new first tables', 'godwit up'] : ['godwit status']))
  return lines
}
