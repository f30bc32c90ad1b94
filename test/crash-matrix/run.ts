// `npm run crash-matrix`: writes docs/crash-matrix.md. Names of rotators as arguments print only
// those, to standard output.
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Program } from '../end-to-end/program.ts'
import { rotatorsUnderTest as registry } from '../rotators/registry.ts'
import { sweep } from './sweep.ts'
import { badCells, renderMatrix, type Swept } from './table.ts'

const page = fileURLToPath(new URL('../../docs/crash-matrix.md', import.meta.url))

if (!Program.isBuilt()) throw new Error('run "npm run build" first')
const only = process.argv.slice(2)
for (const name of only) if (!Object.hasOwn(registry, name)) throw new Error(`no such rotator in the matrix: ${name}`)
const rotators = Object.keys(registry).filter((name) => only.length === 0 || only.includes(name))
for (const rotator of rotators) {
  const lacking = registry[rotator]!.missing?.() ?? []
  if (lacking.length > 0) throw new Error(`${rotator}: ${lacking.join(', ')} must be installed`)
}

/** By rotator: they are swept side by side, and the page has its own order. */
const swept = new Map<string, Swept>()
const waiting = [...rotators]
await Promise.all(Array.from({ length: availableParallelism() }, sweepWaiting))
const ordered = rotators.map((rotator) => swept.get(rotator)!)
if (only.length > 0) console.log(renderMatrix(ordered))
else writeFileSync(page, renderMatrix(ordered))
process.exitCode = ordered.every(({ cells }) => badCells(cells).length === 0) ? 0 : 1

async function sweepWaiting(): Promise<void> {
  for (let rotator = waiting.shift(); rotator !== undefined; rotator = waiting.shift()) {
    const begun = performance.now()
    const cells = await sweep(rotator)
    const seconds = ((performance.now() - begun) / 1000).toFixed(0)
    const wrong = badCells(cells)
    console.error(`${rotator}: killed ${cells.length} times in ${seconds} s, ${wrong.length} bad`)
    for (const cell of wrong) console.error(`  ${JSON.stringify(cell)}`)
    swept.set(rotator, { rotator, vendor: registry[rotator]!.vendor, cells })
  }
}
