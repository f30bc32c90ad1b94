import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadCommand } from '../../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'
import { answeringWebhook } from '../../conformance/cli/doubles.ts'
import { Playground, packageRoot } from '../commands/esc.ts'
import { commandIn } from './check-output.ts'
import { jsonPage } from './page.ts'
import { prepareFiles, prepareStore, SECRETS, SESSION } from './session.ts'
import { JSON_SHAPES } from './shapes.ts'

/** Commands that print no result. The page of the reference names them, too. */
const WITHOUT: Readonly<Record<string, string>> = {
  completion: 'prints a script for a shell',
  'env:run': 'runs a program, whose output it is',
  'env:types': 'prints a module in TypeScript',
  'export:docker': 'prints a file for another program',
  'export:dotenv': 'prints a file for another program',
  'export:github': 'prints a file for another program',
  'export:gitlab': 'prints a file for another program',
  'export:k8s-secret': 'prints a file for another program',
  'export:tfvars': 'prints a file for another program',
  hook: 'prints a script for a shell',
  lsp: 'runs a server',
  mcp: 'runs a server',
  run: 'runs a program, whose output it is',
  'scheduler:install': 'prints a file for another program',
  'scheduler:start': 'runs a server',
  'server:start': 'runs a server',
  ui: 'runs a server',
}

/** Their JSON is compared with its shape by the tests that set up what they need. */
const ELSEWHERE: readonly string[] = [
  'access:add',
  'access:join',
  'access:remove',
  'config:env:rm',
  'env:import:1password',
  'env:import:doppler',
  'env:import:infisical',
  'env:import:json',
  'env:import:pulumi',
  'env:import:sops',
  'env:import:vault',
  'env:import:yaml',
  'env:renumber',
  'env:webhook:delivery:redeliver',
  'import:esc-cloud',
  'scan',
  'server:import',
  'trust:folder',
]

/** Commands that show a secret, as their text does. */
const REVEALING = ['open', 'env:open', 'config:get']

describe('--output json', () => {
  it('is known to every command that prints a result, and each has a shape in the reference', async () => {
    for (const id of COMMANDS) {
      const { flags } = await loadCommand(id)
      const has = Object.hasOwn(flags, 'output') || id === 'audit:log'
      // A new command has OUTPUT_FLAG and a shape in test/cli/json/shapes.ts.
      expect(has, `esc ${id.replaceAll(':', ' ')} and --output`).to.equal(!Object.hasOwn(WITHOUT, id))
      expect(Object.hasOwn(JSON_SHAPES, id), `the shape of ${id}`).to.equal(has)
    }
    for (const id of Object.keys({ ...JSON_SHAPES, ...WITHOUT })) expect(COMMANDS).to.include(id)
  })

  it('prints one value of the declared shape, alone on standard output, and no secret but where the text shows it', async () => {
    const playground = new Playground()
    const run = new Set<string>()
    try {
      prepareFiles(playground)
      for (const words of SESSION) {
        const id = commandIn(words) ?? ''
        // The playground compares the output with the shape.
        const { out, code } = await playground.run([...words, '--output', 'json'], {
          io: { postWebhook: answeringWebhook },
        })
        run.add(id)
        expect(out.endsWith('}\n') || out.endsWith(']\n') || id === 'env:open', words.join(' ')).to.equal(true)
        const shown = SECRETS.filter((secret) => out.includes(secret))
        if (!REVEALING.includes(id)) expect(shown, words.join(' ')).to.deep.equal([])
        expect([0, 1, 3], words.join(' ')).to.include(code)
        if (words[0] === 'init') await prepareStore(playground)
      }
      const missing = Object.keys(JSON_SHAPES).filter((id) => !run.has(id) && !ELSEWHERE.includes(id))
      expect(missing).to.deep.equal([])
    } finally {
      playground.remove()
    }
  }).timeout(60_000)

  it('makes a mistake on the command line JSON too, with the usual exit code', async () => {
    const playground = new Playground()
    try {
      for (const id of Object.keys(JSON_SHAPES)) {
        const { out, code, err } = await playground.run([...id.split(':'), '--output', 'json', '--nonsense'])
        expect(code, id).to.equal(2)
        expect(JSON.parse(out).error.code, id).to.equal('usage')
        expect(err, id).to.match(/^Error: /)
      }
    } finally {
      playground.remove()
    }
  })

  it('lists the mistakes of a definition, with their places', async () => {
    const playground = new Playground()
    try {
      await playground.withEnvironment('app/dev', 'values: {a: 1}\n')
      const words = ['env', 'set', 'app/dev', 'b', '${nope}', '--output', 'json']
      const { out, code, err } = await playground.run(words)
      expect(code).to.equal(1)
      expect(err).to.equal('app/dev:1:19: unknown property "nope"\n')
      expect(JSON.parse(out).error).to.deep.equal({
        code: 'invalid_definition',
        message: 'the definition of app/dev has errors; it was not saved',
        diagnostics: [
          {
            severity: 'error',
            summary: 'unknown property "nope"',
            environment: 'app/dev',
            line: 1,
            column: 19,
            path: 'values.b',
          },
        ],
      })
    } finally {
      playground.remove()
    }
  })

  it('asks on standard error', async () => {
    const playground = new Playground()
    try {
      await playground.withEnvironment('app/dev', 'values: {a: 1}\n')
      const asked = await playground.run(['env', 'rm', 'app/dev', '--output', 'json'], { input: 'local/app/dev\n' })
      expect(JSON.parse(asked.out)).to.deep.equal({ removed: 'local/app/dev' })
      expect(asked.err).to.include('Please confirm')
    } finally {
      playground.remove()
    }
  })

  it('has a page in the reference that is made of the shapes', () => {
    const file = join(packageRoot, 'docs', 'json.md')
    const page = jsonPage()
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(file, page)
    expect(readFileSync(file, 'utf8'), 'run UPDATE_SNAPSHOTS=1 npx mocha test/cli/json').to.equal(page)
    for (const id of Object.keys(WITHOUT)) {
      if (id !== 'env:run') expect(page).to.include(`\`${id.replaceAll(':', ' ')}\``)
    }
  })
})
