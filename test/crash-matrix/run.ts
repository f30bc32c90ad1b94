// `npm run crash-matrix`: writes docs/crash-matrix.md. Names of rotators as arguments print only those, to standard output.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Program } from '../end-to-end/program.ts'
import { registry } from './registry.ts'
import { sweep } from './sweep.ts'
import { badCells, renderMatrix, type Swept } from './table.ts'

const page = fileURLToPath(new URL('../../docs/crash-matrix.md', import.meta.url))

if (!Program.isBuilt()) throw new Error('run "npm run build" first')
const only = process.argv.slice(2)
for (const name of only) if (!Object.hasOwn(registry, name)) throw new Error(`no such rotator in the matrix: ${name}`)

const swept: Swept[] = []
let bad = 0
for (const [rotator, { vendor, missing }] of Object.entries(registry)) {
  if (only.length > 0 && !only.includes(rotator)) continue
  const lacking = missing?.() ?? []
  if (lacking.length > 0) throw new Error(`${rotator}: ${lacking.join(', ')} must be installed`)
  const begun = performance.now()
  const cells = await sweep(rotator)
  const seconds = ((performance.now() - begun) / 1000).toFixed(0)
  const wrong = badCells(cells)
  bad += wrong.length
  console.error(`${rotator}: killed ${cells.length} times in ${seconds} s, ${wrong.length} bad`)
  for (const cell of wrong) console.error(`  ${JSON.stringify(cell)}`)
  swept.push({ rotator, vendor, cells })
}
if (only.length > 0) console.log(renderMatrix(swept))
else writeFileSync(page, renderMatrix(swept))
process.exitCode = bad === 0 ? 0 : 1
