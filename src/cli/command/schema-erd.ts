// `godwit schema erd`: tables and foreign keys as a drawing, in Mermaid or SVG.
import { readSchema } from '../../library/schema.ts'
import { drawingOf } from '../../report/erd/model.ts'
import { mermaidText } from '../../report/erd/mermaid.ts'
import { svgText } from '../../report/erd/svg.ts'
import type { Command } from '../command.ts'
import { formatOf, schemaCall, sourceName } from '../schema-call.ts'

export const command: Command = async call => {
  const format = formatOf(call, ['mermaid', 'svg'])
  const { options, place } = schemaCall(call)
  const { snapshot } = await readSchema(options, place)
  const drawing = drawingOf(snapshot)
  const text =
    format === 'svg' ? svgText(drawing, `Tables of the schema ${sourceName(options.from)}`) : mermaidText(drawing)
  return { data: { format, drawing, text }, text }
}
