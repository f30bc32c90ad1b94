import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { encryptDefinition } from '../../src/language/index.ts'
import type { Plain } from '../../src/plain.ts'
import { rotatorNames } from '../../src/rotators/index.ts'
import { Secret, secret } from '../../src/secret.ts'
import { Store } from '../../src/store/index.ts'
import { Playground } from '../cli/commands/esc.ts'
import { definitionOf } from '../crash-matrix/subject.ts'
import { reroute } from '../fakes/http-fake.ts'
import { sample } from '../sample.ts'
import { type Good, spoilt } from './bad.ts'
import { rotatorsUnderTest } from './registry.ts'

const { fetch } = globalThis
const io = { now: () => new Date() }
/** Words of the schemas and of messages, which say nothing of what a user chose. */
const words = ['disable', 'require', 'verify-full', 'client', 'server', 'awsLambda', 'https', 'default', 'rotate']

/** The same inputs with every text in them secret. */
function allSecret(value: Plain): Plain {
  if (value instanceof Secret) return value
  if (typeof value === 'string') return value === '' || words.includes(value) ? value : secret(value)
  if (Array.isArray(value)) return value.map(allSecret)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, allSecret(member as Plain)]))
}

function textsOf(value: Plain): string[] {
  if (value instanceof Secret) return textsOf(value.reveal())
  if (typeof value === 'string') return [value]
  return value === null || typeof value !== 'object'
    ? []
    : Object.values(value).flatMap((each) => textsOf(each as Plain))
}

/**
 * Everything on the disk that is no ciphertext and no definition: events, logs, the outbox of
 * webhooks.
 */
function outlets(folder: string): string {
  if (!existsSync(folder)) return ''
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) =>
      statSync(path).isDirectory() ? outlets(path) : /\.(jsonl|log|json)$/.test(path) ? readFileSync(path, 'utf8') : '',
    )
    .join('\n')
}

describe('secret inputs of rotators', function () {
  this.timeout(120_000)

  it('are tried for every rotator', () => {
    expect(Object.keys(rotatorsUnderTest)).to.have.members([...rotatorNames])
  })

  for (const [rotator, { badInputs }] of sample(Object.entries(rotatorsUnderTest), 7)) {
    const { missing, configuration, start, bad } = badInputs
    describe(`of ${rotator}`, () => {
      let good: Good | undefined
      let playground: Playground
      let made = 0
      before(async function () {
        if ((missing?.() ?? []).length > 0) this.skip()
        playground = new Playground()
        await playground.ok('init')
        appendFileSync(join(playground.store, 'esc.yaml'), `rotationRetries: 0\n${configuration ?? ''}`)
        await playground.ok('trust', '--yes')
      })
      beforeEach(async () => {
        good = await start()
        if (good.routes) globalThis.fetch = reroute(good.routes)
      })
      afterEach(async () => {
        globalThis.fetch = fetch
        await good?.stop?.()
        good = undefined
      })
      after(() => playground?.remove())

      /** Plans, rotates, examines and shows it in every form, and returns all that was said. */
      async function everythingSaid(inputs: Plain, extent: 'briefly' | 'fully', state?: Plain): Promise<string> {
        const environment = `team/ci${++made}`
        // What was recorded of earlier cases: their messages may hold a word that is secret only
        // here.
        rmSync(join(playground.state, 'events'), { recursive: true, force: true })
        await save(environment, definitionOf(rotator, inputs, state))
        const said: string[] = []
        const briefly = [
          ['rotate', environment, '--plan', '--output', 'json'],
          ['rotate', environment, '--force'],
          ['rotate', 'doctor', environment],
        ]
        const fully = [
          ...briefly,
          ['rotate', environment, '--plan'],
          ['rotate', environment, '--force', '--output', 'json'],
          ['rotate', 'history', environment, '--output', 'json'],
          ['rotators', environment, '--output', 'json'],
        ]
        for (const command of extent === 'fully' ? fully : briefly) {
          const { out, err } = await playground.run(['env', ...command], { io })
          said.push(`$ ${command.join(' ')}`, out, err)
        }
        return [...said, outlets(playground.folder)].join('\n')
      }

      const expectHidden = (said: string, inputs: Plain) => {
        for (const text of new Set(textsOf(inputs))) {
          // What a message of this program says by itself cannot be told from what it tells.
          if (text.length < 4 || rotator.includes(text.toLowerCase()) || words.includes(text)) continue
          const at = said.toLowerCase().indexOf(text.toLowerCase())
          expect(at === -1 ? '' : said.slice(Math.max(0, at - 200), at + text.length + 40), text).to.equal('')
        }
      }

      it('show nowhere when it rotates', async () => {
        const inputs = allSecret(good!.inputs as Plain)
        expectHidden(await everythingSaid(inputs, 'fully'), inputs)
      })

      for (const [title, wrong] of sample(Object.entries(bad), 2)) {
        it(`show nowhere with ${title}`, async () => {
          const { set, state, remote } = typeof wrong === 'function' ? wrong(good!) : wrong
          await remote?.()
          const inputs = allSecret(spoilt(good!.inputs, set))
          expectHidden(await everythingSaid(inputs, 'briefly', state as Plain | undefined), inputs)
        })
      }

      /** As a revision, which `env edit` would refuse to make: a merge or another tool may. */
      async function save(environment: string, text: string): Promise<void> {
        await playground.withEnvironment(environment, 'values: {}\n')
        const keys = { env: playground.env, configFolder: playground.env.ESC_CONFIG_HOME!, notify: () => {} }
        const there = Store.open(playground.store, { keys }).environment(environment)
        const key = await there.dataKey()
        const definition = encryptDefinition(environment, text, (plaintext) => key.encrypt(plaintext))
        const author = { name: 'Ada Lovelace', email: 'ada@example.com' }
        await there.append({ base: there.current().number, definition, change: 'edit', author, created: new Date() })
        // What a definition asks for by its inputs.
        await playground.run(['trust', '--yes'])
      }
    })
  }
})
