// Files are small, named after what they hold, and say at their top what they are.
import { basename } from 'node:path'
import { type Finding, type Guard, isTest, type SourceFile } from '../guard.ts'

const longest = 500
const emptyWords = /(^|-)(utils?|helpers?|common|manager|misc|shared|stuff)(-|$)/

function parts(path: string): string[] {
  const segments = path.split('/')
  return [...segments.slice(0, -1), basename(path).replace(/(\.test|\.fixture|\.d|\.config)?\.[cm]?ts$/, '')]
}

function check(file: SourceFile): Finding[] {
  const findings: Finding[] = []
  const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0)
  if (lines > longest)
    findings.push({ line: longest, message: `has ${lines} lines; split it by subject at ${longest}` })
  for (const part of parts(file.path)) {
    if (emptyWords.test(part)) findings.push({ line: 1, message: `${part} says nothing about what is in it` })
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)) findings.push({ line: 1, message: `${part} is not kebab-case` })
  }
  const first = file.text.replace(/^#!.*\n/, '')
  if (!isTest(file.path) && !/^(\/\/ |\/\*\*)/.test(first))
    findings.push({ line: 1, message: 'does not open with a comment that says what it is' })
  return findings
}

export const fileShape: Guard = {
  name: 'keeps files small, named and introduced',
  check,
  red: [
    { path: 'src/core/long.ts', text: `// Long.\n${'export {}\n'.repeat(500)}` },
    { path: 'src/core/utils.ts', text: '// Things.\n' },
    { path: 'src/core/graph-helper.ts', text: '// Things.\n' },
    { path: 'src/common/graph.ts', text: '// Things.\n' },
    { path: 'src/engine/lockManager.ts', text: '// Things.\n' },
    { path: 'src/core/bare.ts', text: 'export const a = 1\n' },
  ],
  green: [
    { path: 'src/core/full.ts', text: `// Just fits.\n${'export {}\n'.repeat(499)}` },
    { path: 'src/cli/main.ts', text: '#!/usr/bin/env node\n// The program.\n' },
    { path: 'src/core/graph.test.ts', text: '// Tests.\n' },
  ],
}
