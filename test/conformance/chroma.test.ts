import { chromaCase } from './store/chroma.ts'
import { conformance } from './suite/index.ts'

await conformance(await chromaCase('Chroma'), { sql: false })
