import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { encryptDefinition } from '../../src/language/index.ts'
import type { Plain } from '../../src/plain.ts'
import { rotatorNames } from '../../src/rotators/index.ts'
import { Store } from '../../src/store/index.ts'
import { Playground } from '../cli/commands/esc.ts'
import { definitionOf } from '../crash-matrix/subject.ts'
import { reroute } from '../fakes/http-fake.ts'
import { sample } from '../sample.ts'
import { type Bad, type Good, spoilt } from './bad.ts'
import { rotatorsUnderTest } from './registry.ts'

const { fetch } = globalThis
/** Vendors look at the times in signed requests. */
const io = { now: () => new Date() }

describe('bad input', function () {
  this.timeout(60_000)

  it('is listed for every rotator', () => {
    expect(Object.keys(rotatorsUnderTest)).to.have.members([...rotatorNames])
  })

  for (const [rotator, { badInputs }] of sample(Object.entries(rotatorsUnderTest), 7)) {
    const { missing, configuration, start, bad } = badInputs
    describe(`of ${rotator}`, () => {
      let good: Good | undefined
      let playground: Playground
      let environment: string
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
        environment = `rotators/ci${++made}`
        if (good.routes) globalThis.fetch = reroute(good.routes)
      })
      afterEach(async () => {
        globalThis.fetch = fetch
        await good?.stop?.()
        good = undefined
      })
      after(() => playground?.remove())

      it('is told from good input', async () => {
        await playground.withEnvironment(environment, definitionOf(rotator, good!.inputs as Plain))
        await playground.ok('trust', '--yes')
        const planned = await playground.run(['env', 'rotate', environment, '--plan'], { io })
        expect(planned.code, planned.err).to.equal(0)
      })

      for (const [title, wrong] of sample(Object.entries(bad), 2)) {
        it(`${title}: refused by plan and by rotate, with a remedy, and nothing is changed`, async () => {
          const { set, state, remote, says, remedy } = typeof wrong === 'function' ? wrong(good!) : (wrong as Bad)
          await remote?.()
          await save(definitionOf(rotator, spoilt(good!.inputs, set), state as Plain | undefined))
          const held = await good!.held()
          const files = playground.digest(join(playground.store, environment))
          for (const words of [['--plan'], ['--force']]) {
            const { code, out, err } = await playground.run(['env', 'rotate', environment, ...words], { io })
            const said = `${out}${err}`
            expect(code, said).to.equal(1)
            for (const text of says) expect(said).to.match(typeof text === 'string' ? literally(text) : text)
            if (remedy) expect(said.split('hint: ').slice(1).join('\n'), said).to.match(remedy)
            expect(said).to.not.include('canary')
            expect(await good!.held(), words.join()).to.deep.equal(held)
            expect(playground.digest(join(playground.store, environment)), words.join()).to.equal(files)
          }
        })
      }

      /** As a revision, which `env edit` would refuse to make: a merge or another tool may. */
      async function save(text: string): Promise<void> {
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

function literally(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
}
