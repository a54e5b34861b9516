// The program as a process among others: signals, a reader that goes away, and how it looks on a terminal's terms.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { program, Project } from './script.ts'

const projects: Project[] = []
afterEach(() => {
  for (const project of projects.splice(0)) project.dispose()
})

/** A project whose second revision takes some seconds, in code, and says when it has begun. */
function slowProject(): Project {
  const project = new Project()
  projects.push(project)
  project.prepare(['env DATABASE_URL=sqlite:app.db'])
  project.write('migrations/001_fast.sql', 'CREATE TABLE a (id integer);\n')
  project.write(
    'migrations/002_slow.mjs',
    `export default {
      async up(m) {
        m.log('begun')
        for (let i = 0; i < 100; i++) {
          await m.sql\`INSERT INTO a VALUES (\${i})\`
          await new Promise(done => setTimeout(done, 100))
        }
      },
    }\n`,
  )
  return project
}

/** Starts `godwit up` and calls `act` once the slow revision has begun. */
async function interrupted(project: Project, act: (child: ReturnType<typeof spawn>) => void) {
  const env = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', DATABASE_URL: 'sqlite:app.db' }
  const child = spawn(process.execPath, [program, 'up'], { cwd: project.folder, env })
  let stderr = ''
  let acted = false
  child.stderr.on('data', (part: Buffer) => {
    stderr += part.toString()
    if (acted || !stderr.includes('begun')) return
    acted = true
    act(child)
  })
  child.stdout.resume()
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stderr }
}

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s rolls back, gives the lock back and exits %d', async (signal, code) => {
    const project = slowProject()
    const answer = await interrupted(project, child => child.kill(signal))
    expect(answer.code).toBe(code)
    expect(answer.stderr).toContain('stopping: rolling back')
    expect(answer.stderr).toContain('RUN.ABORTED')
    const status = JSON.parse(project.godwit(['status', '--json']).stdout)
    expect(status.databases[0]).toMatchObject({ state: 'pending', current: ['001_fast'], partial: [] })
    expect(JSON.parse(project.godwit(['lock', 'status', '--json']).stdout).databases[0].lock).toBeNull()
  })

  it('for the second time ends at once and says what may be left', async () => {
    const project = slowProject()
    // Code that never looks up cannot be stopped gently.
    project.write(
      'migrations/002_slow.mjs',
      `export default { async up(m) { m.log('begun'); await new Promise(done => setTimeout(done, 30_000)) } }\n`,
    )
    const startedAt = Date.now()
    const answer = await interrupted(project, child => {
      child.kill('SIGINT')
      setTimeout(() => child.kill('SIGINT'), 300)
    })
    expect(answer.code).toBe(130)
    expect(answer.stderr).toContain('ended at once')
    expect(Date.now() - startedAt).toBeLessThan(20_000)
    expect(project.godwit(['current']).stdout).toBe('001_fast\n')
  })
})

describe('a pipe', () => {
  it('whose reader goes away ends the program quietly', async () => {
    const project = new Project()
    projects.push(project)
    for (let i = 1; i <= 3000; i++)
      project.write(`migrations/${String(i).padStart(4, '0')}_x.sql`, `CREATE TABLE t${i} (id integer);\n`)
    const env = { PATH: process.env['PATH'] ?? '', DATABASE_URL: 'sqlite:app.db' }
    const child = spawn(process.execPath, [program, 'history', '--offline'], { cwd: project.folder, env })
    let stderr = ''
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
    child.stdout.once('data', () => child.stdout.destroy())
    const [code] = (await once(child, 'close')) as [number | null]
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('gets whole output, however long', () => {
    const project = new Project()
    projects.push(project)
    project.prepare(['env DATABASE_URL=sqlite:app.db'])
    for (let i = 1; i <= 3000; i++)
      project.write(`migrations/${String(i).padStart(4, '0')}_x.sql`, `CREATE TABLE t${i} (id integer);\n`)
    const { stdout } = project.godwit(['history', '--offline', '--json'])
    expect(JSON.parse(stdout).databases[0].revisions).toHaveLength(3000)
  })

  it('gets colours only when they are asked for', () => {
    const project = new Project()
    projects.push(project)
    expect(project.godwit(['status']).stderr).not.toContain('\u001b[')
    expect(project.godwit(['status', '--color']).stderr).toContain('\u001b[31m')
    project.prepare(['env FORCE_COLOR=1'])
    expect(project.godwit(['status']).stderr).toContain('\u001b[31m')
    project.prepare(['env NO_COLOR=1'])
    expect(project.godwit(['status']).stderr).not.toContain('\u001b[')
  })
})
