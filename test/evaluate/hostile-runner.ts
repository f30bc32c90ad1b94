// Evaluates the hostile definitions whose titles it is given, and prints what became of each as a
// line of JSON. It runs in a process of its own, with a small heap: a definition that hangs or
// fills the memory takes nothing else with it.
import { evaluateEnvironment, fromPlain, toPlain } from '../../src/evaluate/index.ts'
import { FORMATS, renderValue } from '../../src/operations/opening/render-value.ts'
import type { Schema } from '../../src/schema/index.ts'
import { type HostileDefinition, hostileDefinitions } from './hostile-definitions.ts'

export interface HostileOutcome {
  readonly title: string
  readonly mode: string
  /** Of the evaluation and the form that takes longest to show. */
  readonly cpuSeconds: number
  readonly last: string | undefined
  readonly at: string | undefined
  readonly hasValues: boolean
}

const trace = { def: { begin: { line: 0, column: 0, byte: 0 }, end: { line: 0, column: 0, byte: 0 } } }
const lists = { type: 'array', items: { $ref: '#/$defs/x' } } as const
const recursive: Schema = { $defs: { x: { anyOf: [lists, lists] } }, $ref: '#/$defs/x' }

async function evaluate(definition: HostileDefinition, mode: 'check' | 'open'): Promise<HostileOutcome> {
  const evaluating = stopwatch()
  const { environment, diagnostics } = await evaluateEnvironment(
    { name: 'root', text: definition.text, mode, unlock: async () => () => 'x' },
    {
      load: async (name) => {
        const text = definition.files?.[name]
        if (text === undefined) throw new Error(`no environment ${name}`)
        return { text, unlock: async () => () => 'x' }
      },
      provider: async (name) => ({
        inputs: true,
        outputs: name === 'recursive' ? recursive : true,
        open: async (inputs) => fromPlain(toPlain({ value: inputs, trace }, true)),
      }),
      rotator: async () => {
        throw new Error('there are no rotators')
      },
    },
    { despiteErrors: true },
  )
  // The values are what every form is made of.
  const read = () => environment?.properties ?? {}
  let last = diagnostics.at(-1)?.summary
  const attempt = async (show: () => unknown) => {
    try {
      await show()
    } catch (error) {
      last ??= (error as Error).message
    }
  }
  await attempt(read)
  const evaluation = evaluating()
  let longest = 0
  for (const show of [
    () => environment?.exprs,
    ...FORMATS.map((format) => () => renderValue(read(), { format, redact: false, files: [] })),
  ]) {
    const showing = stopwatch()
    await attempt(show)
    longest = Math.max(longest, showing())
  }
  const range = diagnostics.at(-1)?.range
  return {
    title: definition.title,
    mode,
    cpuSeconds: evaluation + longest,
    last: last && last.length > 500 ? `${last.slice(0, 300)}…${last.slice(-200)}` : last,
    at: range && `${range.environment}:${range.begin.line}:${range.begin.column}`,
    hasValues: environment !== undefined,
  }
}

/** Processor time from now on, in seconds. */
function stopwatch(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e6
  }
}

const titles = new Set(JSON.parse(process.argv[2]!) as string[])
for (const definition of hostileDefinitions)
  if (titles.has(definition.title))
    for (const mode of process.env.SLOW ? (['check', 'open'] as const) : (['open'] as const)) {
      console.log(JSON.stringify({ begun: `${definition.title} (${mode})` }))
      console.log(JSON.stringify(await evaluate(definition, mode)))
    }
