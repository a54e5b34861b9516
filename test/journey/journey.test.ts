// Runs every script of this folder. See script.ts for the format.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { answerLines, Project, readScript } from './script.ts'

const folder = fileURLToPath(new URL('script/', import.meta.url))
const scripts = readdirSync(folder).filter(name => name.endsWith('.txt'))

describe('journeys', () => {
  it('finds scripts', () => expect(scripts.length).toBeGreaterThan(10))

  it.each(scripts)('%s', { timeout: 240_000 }, name => {
    const path = `${folder}${name}`
    const { steps, after } = readScript(readFileSync(path, 'utf8'))
    expect(steps.length, 'steps').toBeGreaterThan(0)
    const project = new Project()
    const written: string[] = []
    try {
      for (const step of steps) {
        project.prepare(step.before)
        const found = answerLines(project.run(step.command), project.folder)
        written.push(...step.before, `$ ${step.command}`, ...found)
        if (!process.env['GODWIT_UPDATE'])
          expect(found.join('\n'), `${name}:${step.line} $ ${step.command}`).toBe(step.expected.join('\n'))
      }
    } finally {
      project.dispose()
    }
    if (process.env['GODWIT_UPDATE']) writeFileSync(path, [...written, ...after].join('\n'))
  })
})
