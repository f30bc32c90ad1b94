import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { expect } from 'chai'
import { build } from 'esbuild'

const source = fileURLToPath(new URL('../../src/', import.meta.url))

const program = `
import { evaluateEnvironment, mapToJson } from './evaluate/index.ts'
import { formatJson } from './json.ts'
const noTrace = { def: { begin: { line: 0, column: 0, byte: 0 }, end: { line: 0, column: 0, byte: 0 } } }
const world = {
  load: async (name) => ({ text: 'values: {from: ' + name + ', b: {fn::fromBase64: w6k=}}', unlock: async () => () => 'x' }),
  provider: async () => ({ inputs: true, outputs: true, open: async (inputs) => ({ value: inputs, trace: noTrace }) }),
  rotator: async () => { throw new Error('none') },
}
globalThis.outcome = evaluateEnvironment(
  { name: 'root', text: 'imports: [lib]\\nvalues: {o: {fn::open::x: {a: "\${from}"}}, c: "\${o.a}!"}', mode: 'open', unlock: async () => () => '' },
  world,
).then(({ environment, diagnostics }) => formatJson(mapToJson(environment.properties, { redact: false })) + diagnostics.length)
`

describe('the evaluator', () => {
  it('imports nothing from Node, and from npm only the engine of patterns', async () => {
    const { metafile } = await build({
      stdin: { contents: program, resolveDir: source, loader: 'js' },
      bundle: true,
      platform: 'browser',
      format: 'iife',
      write: false,
      metafile: true,
      absWorkingDir: source,
    })
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports)
    expect(imports.filter(({ external }) => external)).to.deep.equal([])
    const rooms = new Set(
      Object.keys(metafile.inputs).map((file) => file.replace(/^.*node_modules[/]/, 'npm:').split('/')[0]),
    )
    expect([...rooms].sort()).to.deep.equal(
      [
        '<stdin>',
        'budget.ts',
        'edit-distance.ts',
        'errors.ts',
        'evaluate',
        'json.ts',
        'language',
        'npm:re2js',
        'plain.ts',
        'present.ts',
        'raw-bytes.ts',
        'read-json.ts',
        'rich-text.ts',
        'schema',
        'secret.ts',
        'suggestion.ts',
        'yaml',
      ].filter((room) => rooms.has(room)),
    )
  })

  it('runs where there is nothing but the language itself and text encoding', async () => {
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: source, loader: 'js' },
      bundle: true,
      platform: 'browser',
      format: 'iife',
      write: false,
    })
    const context = createContext({ TextEncoder, TextDecoder })
    runInContext(outputFiles[0]!.text, context)
    expect(await (context as unknown as { outcome: Promise<string> }).outcome).to.equal(
      '{"b":"é","c":"lib!","from":"lib","o":{"a":"lib"}}0',
    )
  })
})
