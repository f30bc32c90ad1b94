import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { ALIASES } from '../../../src/cli/framework/aliases.ts'
import type { CommandClass } from '../../../src/cli/framework/command.ts'
import { loadCommand } from '../../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'
import { answeringWebhook } from '../../conformance/cli/doubles.ts'
import { Playground } from './esc.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), 'snapshots')

/**
 * Compares with the committed file; writes it when `UPDATE_SNAPSHOTS` is set. The change is then
 * read in the diff.
 */
function expectSnapshot(name: string, actual: string): void {
  const file = join(folder, name)
  if (process.env.UPDATE_SNAPSHOTS) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, actual)
  }
  const expected = existsSync(file) ? readFileSync(file, 'utf8') : ''
  expect(actual, `${name} differs; run the test with UPDATE_SNAPSHOTS=1 if that is meant`).to.equal(expected)
}

async function commands(): Promise<CommandClass[]> {
  const loaded: CommandClass[] = []
  for (const id of [...COMMANDS].sort()) loaded.push(await loadCommand(id))
  return loaded
}

/** What the command line promises: arguments and flags, a line each. */
async function interfaceText(): Promise<string> {
  const blocks = (await commands()).map(({ id, count, args, flags, baseFlags }) => {
    const aliases = Object.keys(ALIASES).filter((alias) => ALIASES[alias] === id)
    const counted = Object.entries(count).map(([key, value]) => (key === 'kind' ? value : `${key} ${value}`))
    const lines = [
      `esc ${id.replaceAll(':', ' ')}`,
      ...aliases.map((alias) => `  alias esc ${alias.replaceAll(':', ' ')}`),
      `  arguments (${counted.join(', ')}): ${Object.keys(args).join(' ') || 'none'}`,
    ]
    for (const [name, flag] of Object.entries({ ...baseFlags, ...flags }).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const traits = [
        flag.type === 'boolean' ? 'switch' : flag.options === undefined ? 'value' : flag.options.join('|'),
        flag.multiple && 'repeatable',
        flag.required && 'required',
        flag.hidden && 'hidden',
        flag.bare !== undefined && `bare ${flag.bare}`,
        flag.default !== undefined && `default ${flag.default}`,
      ]
      const short = flag.char === undefined ? '' : `-${flag.char}, `
      lines.push(`  ${short}--${name}: ${traits.filter(Boolean).join(', ')}`)
    }
    return lines.map((line) => `${line}\n`).join('')
  })
  return blocks.join('\n')
}

/**
 * The shape of JSON: the type in the place of each value, and of a list the shape of its elements.
 */
function shapeOf(value: unknown): unknown {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? [] : [value.map(shapeOf).reduce(mergeShapes)]
  if (typeof value !== 'object') return typeof value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, shapeOf(member)]),
  )
}

function mergeShapes(a: unknown, b: unknown): unknown {
  if (typeof a === 'object' && typeof b === 'object' && !Array.isArray(a) && !Array.isArray(b)) {
    return Object.fromEntries(
      [...new Set([...Object.keys(a as object), ...Object.keys(b as object)])].sort().map((key) => {
        const [left, right] = [(a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]]
        return [key, left === undefined ? right : right === undefined ? left : mergeShapes(left, right)]
      }),
    )
  }
  if (JSON.stringify(a) === JSON.stringify(b)) return a
  const words = [a, b].flatMap((each) => (typeof each === 'string' ? each.split(' | ') : [JSON.stringify(each)]))
  return [...new Set(words)].sort().join(' | ')
}

/** Command lines whose JSON is kept, in an order in which they make sense. */
const SESSION: readonly (readonly string[])[] = [
  ['init'],
  ['login'],
  ['env', 'set-all', 'app/dev', 'a=1', 'b=2'],
  ['env', 'rm-all', 'app/dev', 'b', 'c'],
  ['env', 'apply', '-f', 'definitions'],
  ['env', 'apply', '-f', 'definitions', '--plan'],
  ['env', 'ls'],
  ['env', 'status'],
  ['status'],
  ['whoami'],
  ['select', 'app/dev'],
  ['env', 'graph', 'app/rotating'],
  ['env', 'rotate', 'app/rotating', '--plan'],
  ['env', 'rotate', 'app/rotating'],
  ['env', 'rotate', 'history', 'app/rotating'],
  ['env', 'rotate', 'journal', 'app/rotating'],
  ['env', 'rotators'],
  ['env', 'schedule', 'new', 'app/rotating', '--cron', '0 3 * * *'],
  ['env', 'schedule', 'get', 'app/rotating', 'sched-1', '--next', '2'],
  ['env', 'schedule', 'list', 'app/rotating'],
  ['env', 'schedule', 'history', 'app/rotating', 'sched-1'],
  ['scheduler', 'tick'],
  ['server', 'export', 'exported'],
  ['server', 'token', 'create', '--user', 'ada'],
  ['server', 'token', 'list'],
  ['server', 'token', 'rotate', 'ada'],
  ['server', 'token', 'revoke', 'ada'],
  ['env', 'version', 'tag', 'app/dev@stable', '2'],
  ['env', 'version', 'tag', 'ls', 'app/dev'],
  ['env', 'version', 'retract', 'app/dev@3', '--reason', 'wrong'],
  ['env', 'version', 'history', 'app/dev'],
  ['env', 'diff', 'app/dev@2'],
  ['env', 'tag', 'app/dev', 'owner', 'platform'],
  ['env', 'tag', 'get', 'app/dev', 'owner'],
  ['env', 'tag', 'mv', 'app/dev', 'owner', 'team'],
  ['env', 'tag', 'ls', 'app/dev'],
  ['env', 'settings', 'get', 'app/dev'],
  ['env', 'referrer', 'list', 'app/dev'],
  ['env', 'open-request', 'app/dev'],
  ['config', 'cp', '--env', 'app/dev', 'x', '--dest', 'app/rotating'],
  ['config', 'set', '--env', 'app/dev', 'aws:region', 'eu-west-1'],
  ['export', 'pulumi', 'app/dev', '--stack', 'dev'],
  ['config', 'set-all', '--env', 'app/dev', '--secret', 'app:token=hidden', '--plaintext', 'app:size=3'],
  ['config', '--env', 'app/dev'],
  ['config', 'get', '--env', 'app/dev', 'app:token'],
  ['config', 'rm', '--env', 'app/dev', 'aws:region'],
  ['config', 'rm-all', '--env', 'app/dev', 'app:token', 'app:none'],
  ['config', 'env', 'add', '--env', 'app/dev', 'app/user'],
  ['config', 'env', 'ls', '--env', 'app/dev'],
  ['config', 'env', 'rm', '--env', 'app/dev', 'app/user'],
  ['env', 'import', 'dotenv', 'app/dev', '.env'],
  ['env', 'rm', 'app/user', '--yes'],
  ['env', 'restore'],
  ['env', 'restore', 'app/user'],
  ['env', 'rotate', 'doctor', 'app/rotating'],
  ['env', 'change-secrets-provider', 'app/dev', 'default'],
  ['env', 'webhook', 'new', 'app/dev', 'all', '--url', 'https://example.com/hook', '--event', 'created'],
  ['env', 'webhook', 'ping', 'app/dev', 'hook-1'],
  ['env', 'webhook', 'list', 'app/dev'],
  ['env', 'webhook', 'get', 'app/dev', 'hook-1'],
  ['env', 'webhook', 'delivery', 'list', 'app/dev', 'hook-1'],
  ['env', 'webhook', 'deliver'],
  ['env', 'rewrap', 'app/dev'],
  ['env', 'prune', 'app/dev', '--keep', '2', '--dry-run'],
  ['access', 'list'],
  ['access', 'explain', 'app/dev'],
  ['env', 'trust', 'app/dev', '--yes'],
  ['trust', 'show'],
  ['trust', '--yes'],
  ['trust', 'list'],
  ['providers', '--schema', 'env'],
  ['rotators', '--schema', 'passphrase'],
  ['trust', 'revoke'],
  ['audit', 'log'],
  ['audit', 'verify'],
  ['check'],
  ['oidc', 'init', '--issuer', 'https://esc.example.org'],
  ['oidc', 'publish', 'site'],
  ['oidc', 'token', 'app/dev', '--show'],
  ['oidc', 'rotate-key', '--prepare'],
  ['setup', 'aws'],
  ['logout'],
]

describe('snapshots', () => {
  it('of every command: its arguments and flags', async () => {
    expectSnapshot('commands.txt', await interfaceText())
  })

  it('of the JSON that commands print', async () => {
    const playground = new Playground()
    try {
      const shapes: Record<string, unknown> = {}
      const definitions = join(playground.folder, 'definitions', 'app')
      mkdirSync(definitions, { recursive: true })
      writeFileSync(join(definitions, 'user.yaml'), 'imports: [app/dev]\nvalues: {}\n')
      writeFileSync(join(playground.folder, '.env'), 'A=1\n')
      for (const words of SESSION) {
        const hasOutput = Object.hasOwn(await flagsOf(words), 'output')
        const { out, code } = await playground.run([...words, ...(hasOutput ? ['--output', 'json'] : [])], {
          io: { postWebhook: answeringWebhook },
        })
        if (hasOutput) shapes[`esc ${words.join(' ')} (exit code ${code})`] = shapeOf(JSON.parse(out))
        if (words[0] !== 'init') continue
        appendFileSync(join(playground.store, 'esc.yaml'), 'network: {privateHosts: [adapter.internal]}\n')
        await playground.withEnvironment('app/dev', 'values: {x: 1}\n')
        const rotator = 'values:\n  user:\n    fn::rotate::password: {inputs: {length: 24}}\n'
        await playground.withEnvironment('app/rotating', rotator)
      }
      expectSnapshot('json.txt', `${JSON.stringify(shapes, undefined, 2)}\n`)
    } finally {
      playground.remove()
    }
  })

  it('are taken of the JSON of every command that prints some', async () => {
    const covered = SESSION.map((words) => words.join(':'))
    for (const { id, flags } of await commands()) {
      if (!Object.hasOwn(flags, 'output') || ELSEWHERE.includes(id)) continue
      expect(
        covered.some((words) => words === id || words.startsWith(`${id}:`)),
        id,
      ).to.equal(true)
    }
  })
})

/** Their JSON is compared where what they need is set up. */
const ELSEWHERE: readonly string[] = [
  'server:import',
  'trust:folder',
  'access:add',
  'access:join',
  'access:remove',
  'import:esc-cloud',
  'env:import:pulumi',
  'env:import:sops',
  'env:renumber',
]

async function flagsOf(words: readonly string[]): Promise<object> {
  for (let length = words.length; length > 0; length--) {
    const id = words.slice(0, length).join(':')
    if (COMMANDS.includes(id)) return (await loadCommand(id)).flags
  }
  return {}
}
