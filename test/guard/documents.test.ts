// The documents tell the truth about the project: paths they name exist, relative links lead somewhere, npm scripts and
// verbs of the program are real.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { OptionSpec } from '../../src/cli/option.ts'
import { globalOptions, groups, verbs } from '../../src/cli/verb.ts'
import { root } from './guard.ts'

interface Document {
  /** From the root, with `/`. */
  readonly path: string
  readonly text: string
}

function documents(): Document[] {
  const folders = ['docs', 'examples'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)),
  )
  return [...readdirSync(root), ...folders]
    .filter(name => name.endsWith('.md') && !name.includes('node_modules'))
    .map(name => ({ path: name.split(sep).join('/'), text: readFileSync(join(root, name), 'utf8') }))
}

const withoutBlocks = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '')

/** Paths in backticks: of a folder of the project, or a file at its root. */
function missingPaths(document: Document, exists: (path: string) => boolean): string[] {
  const named = [...withoutBlocks(document.text).matchAll(/`([^`\s]+)`/g)].map(found => found[1] ?? '')
  const paths = named.filter(name =>
    /^(?:src|test|docs|examples|scripts)\/[\w./-]+$|^\.[\w-]+\.(?:cjs|json)$/.test(name),
  )
  return [...new Set(paths)].filter(path => !exists(path))
}

/** Heading → the anchor that a link names it by. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

function brokenLinks(document: Document, read: (path: string) => string | undefined): string[] {
  const links = [...withoutBlocks(document.text).matchAll(/\]\(([^)\s]+)\)/g)].map(found => found[1] ?? '')
  return links.filter(link => {
    if (/^[a-z]+:/.test(link)) return false
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? document.path : join(dirname(document.path), path).split(sep).join('/')
    const text = read(target)
    if (text === undefined) return true
    const headings = [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(found => anchorOf(found[1] ?? ''))
    return anchor !== undefined && !headings.includes(anchor)
  })
}

/** Code of a document: blocks and what stands in backticks, one command or word a line. */
function codeOf(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap(found => (found[1] ?? '').split('\n'))
  const inline = [...withoutBlocks(text).matchAll(/`([^`]+)`/g)].map(found => (found[1] ?? '').replace(/\s+/g, ' '))
  return [...blocks, ...inline]
}

const flagNames = (option: OptionSpec): readonly string[] => option.flags.match(/(?<!\S)--?[a-z-]+/g) ?? []

/** `npm run NAME`, `godwit VERB` and their flags that do not exist. Text after `godwit:` in output is no command. */
function unknownCommands(document: Document, scripts: readonly string[]): string[] {
  const found: string[] = []
  for (const line of codeOf(document.text)) {
    for (const [, name = ''] of line.matchAll(/npm run ([\w:-]+)/g)) {
      if (!scripts.includes(name)) found.push(`npm run ${name}`)
    }
    const command = /^(?:\$ |npx |[A-Z_]+=\S+ )*godwit ([a-z][^#|>;&]*)/.exec(line)?.[1]
    if (command === undefined) continue
    const words = command.trim().split(/\s+/)
    const verb = verbs.find(
      ({ name, aliases }) =>
        name === words.slice(0, 2).join(' ') || [name, ...(aliases ?? [])].includes(words[0] ?? ''),
    )
    if (!verb && !Object.hasOwn(groups, words[0] ?? '')) found.push(`godwit ${words[0]}`)
    const known = [...globalOptions, ...(verb?.options ?? [])].flatMap(flagNames)
    const flags = words.filter(word => /^--[a-z]/.test(word)).map(word => word.replace(/[=,.`].*$/, ''))
    found.push(
      ...flags
        .filter(flag => verb && !known.includes(flag) && flag !== '--help')
        .map(flag => `godwit ${words[0]} ${flag}`),
    )
  }
  return found
}

/** The example of a mistake. */
const onPurpose: readonly string[] = ['docs/errors/CLI.USAGE_INVALID.md: godwit up --dryrun']

const all = documents()
const onDisk = (path: string): boolean => existsSync(join(root, path))
const readTarget = (path: string): string | undefined => {
  const file = join(root, path)
  if (!existsSync(file)) return undefined
  return file.endsWith('.md') ? readFileSync(file, 'utf8') : ''
}
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

describe('guard/documents', () => {
  it('finds every path that the documents name', () => {
    expect(all.length).toBeGreaterThan(90)
    const found = all.flatMap(document => missingPaths(document, onDisk).map(path => `${document.path}: ${path}`))
    expect(found).toEqual([])
  })

  it('finds the end of every relative link', () => {
    const found = all.flatMap(document => brokenLinks(document, readTarget).map(link => `${document.path}: ${link}`))
    expect(found).toEqual([])
  })

  it('finds every npm script, verb and flag that the documents name', () => {
    const found = all.flatMap(document =>
      unknownCommands(document, Object.keys(scripts)).map(command => `${document.path}: ${command}`),
    )
    expect(found.filter(fault => !onPurpose.includes(fault))).toEqual([])
  })

  it('finds the map of the code complete', () => {
    const map = all.find(document => document.path === 'ARCHITECTURE.md')?.text ?? ''
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter(entry => entry.isDirectory())
    const missing = folders.map(entry => `src/${entry.name}`).filter(path => !map.includes(path))
    expect(missing).toEqual([])
    expect(map.split('\n').length).toBeLessThan(200)
  })

  it('refuses a path, a link, an anchor, a script, a verb and a flag that are not there', () => {
    const text =
      '# One\n\n`src/nowhere.ts` [a](b.md) [c](#two) [d](#one)\n\n```sh\nnpm run nothing\ngodwit fly\n$ godwit up --wings=2 # --dry-run\n```\n'
    const sample: Document = { path: 'docs/sample.md', text }
    const read = (path: string): string | undefined => (path === 'docs/sample.md' ? text : undefined)
    expect(missingPaths(sample, () => false)).toEqual(['src/nowhere.ts'])
    expect(brokenLinks(sample, read)).toEqual(['b.md', '#two'])
    expect(unknownCommands(sample, [])).toEqual(['npm run nothing', 'godwit fly', 'godwit up --wings'])
  })
})
