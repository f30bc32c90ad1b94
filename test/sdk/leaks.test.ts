import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { buildSync } from 'esbuild'
import fc from 'fast-check'
import * as sdk from '../../src/sdk/index.ts'
import { packageRoot } from '../cli/commands/esc.ts'
import { Program } from '../end-to-end/program.ts'
import { runs, slow } from '../sample.ts'
import { failures, starts, steps } from './compositions.ts'
import { waysOut } from './ways-out.ts'

const run = promisify(execFile)
const canary = 'cANARY-8f3k2'

const from = starts(sdk, canary)
const chain = fc.array(fc.constantFrom(...Object.keys(steps(sdk))), { maxLength: 6 })
const start = fc.constantFrom(...Object.keys(from))

function composed(begin: string, words: readonly string[]): sdk.Output<unknown> {
  return words.reduce((value, word) => steps(sdk)[word]!(value), from[begin]!())
}

function expectHidden(value: unknown, how: string): void {
  for (const [way, show] of Object.entries(waysOut)) expect(show(value), `${how}, ${way}`).not.to.include(canary)
}

describe('a secret of the library', function () {
  this.timeout(120_000)

  it('is shown in no way out, before it is known and after, whatever it is composed of', async () => {
    await fc.assert(
      fc.asyncProperty(start, chain, async (begin, words) => {
        const value = composed(begin, words)
        const how = [begin, ...words].join(', ')
        expectHidden(value, how)
        expect(await sdk.isSecret(value), how).to.equal(true)
        expectHidden(value, how)
        for (const holder of [{ value }, [value], new Map([[value, value]]), Promise.resolve(value), () => value]) {
          expectHidden(holder, how)
        }
      }),
      runs(40, 2000),
    )
  })

  it('is shown by none of the ways out as itself: as Secret, in values, variables and configuration', () => {
    const environment = new sdk.OpenEnvironment({
      name: 'app/dev',
      revision: 1,
      values: { password: new sdk.Secret(canary), list: [new sdk.Secret({ deep: canary })] },
      environmentVariables: { PASSWORD: new sdk.Secret(canary) },
      files: { CA: new sdk.Secret(canary) },
    })
    for (const value of [
      environment,
      environment.values,
      environment.environmentVariables,
      environment.files,
      environment.get('password'),
      environment.configOf('app'),
    ])
      expectHidden(value, String(value))
    // Else no way would show anything.
    for (const [way, show] of Object.entries(waysOut))
      expect(show(canary) + show({ value: canary }), way).to.include(canary)
  })

  it('is shown by no error of a function that was applied to it', async () => {
    const failing = failures(sdk)
    await fc.assert(
      fc.asyncProperty(
        start,
        chain,
        fc.constantFrom(...Object.keys(failing)),
        chain,
        async (begin, words, fail, more) => {
          const failed = failing[fail]!(composed(begin, words))
          const last = more.reduce((value, word) => steps(sdk)[word]!(value), failed)
          const how = [begin, ...words, fail, ...more].join(', ')
          const error = await last.reveal().then(
            () => undefined,
            (thrown) => thrown,
          )
          expect(error, how).to.be.instanceOf(sdk.HiddenError)
          expectHidden(error, how)
          expectHidden(last, how)
          await failed.reveal().catch(() => {})
        },
      ),
      runs(60, 3000),
    )
  })

  describe('in a process of its own', () => {
    let folder: string
    before(function () {
      if (!Program.isBuilt()) return this.skip()
      folder = mkdtempSync(join(tmpdir(), 'esc-leaks-'))
      const outfile = join(folder, 'compositions.cjs')
      const entry = join(packageRoot, 'test', 'sdk', 'compositions.ts')
      buildSync({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'cjs' })
      expect(Object.keys(createRequire(import.meta.url)(outfile))).to.include('failures')
    })
    after(() => folder && rmSync(folder, { recursive: true }))

    const count = slow ? 2000 : 200

    async function printed(text: string, ...options: string[]): Promise<string> {
      const file = join(folder, 'program.cjs')
      writeFileSync(
        file,
        `const sdk = require(${JSON.stringify(join(packageRoot, 'dist', 'sdk.cjs'))})
         const { starts, steps, failures } = require('./compositions.cjs')
         const canary = ${JSON.stringify(canary)}
         const any = (all) => all[Math.floor(Math.random() * all.length)]
         const [from, then, fail] = [starts(sdk, canary), steps(sdk), failures(sdk)].map(Object.values)
         const composed = () => Array.from({ length: Math.floor(Math.random() * 5) }).reduce((value) => any(then)(value), any(from)())
         ${text}`,
      )
      const env = { ...process.env, NODE_OPTIONS: '' }
      const { stdout, stderr } = await run(process.execPath, [...options, file], { env, maxBuffer: 1 << 28 }).catch(
        (error) => error,
      )
      return stdout + stderr
    }

    it('is shown by no unhandled rejection', async () => {
      const said = await printed(
        `for (let i = 0; i < ${count}; i++) { const failed = any(fail)(composed()); any(then)(failed); failed.reveal() }`,
        '--unhandled-rejections=warn-with-error-code',
      )
      expect(said.split('HiddenError').length).to.be.greaterThan(count)
      expect(said).not.to.include(canary)
    })

    it('is shown by no error that is thrown and ends a process, or is caught where all are', async () => {
      const said = await printed(
        `process.on('uncaughtException', (error, origin) => console.error(origin, error))
         for (let i = 0; i < ${count}; i++) setImmediate(() => { throw any([
           (value) => value, (value) => new Error('it was ' + value), (value) => Object.assign(new Error('x'), { value }),
           (value) => new Error('x', { cause: value }), (value) => [value],
         ])(composed()) })`,
      )
      expect(said.split('uncaughtException').length).to.be.greaterThan(count)
      expect(said).not.to.include(canary)
      const ended = await printed(`throw { value: composed(), also: new sdk.Secret(canary), in: 'an object' }`)
      expect(ended).to.include('an object').and.not.to.include(canary)
    })

    it('is shown to no worker, by messages or what it is started with', async () => {
      const said = await printed(
        `const { Worker } = require('node:worker_threads')
         const { inspect } = require('node:util')
         const started = (workerData) => new Worker(
           "const { parentPort, workerData } = require('node:worker_threads'); const { inspect } = require('node:util');" +
           "parentPort.on('message', (m) => parentPort.postMessage(inspect([m, workerData], { depth: 20, showHidden: true })))",
           { eval: true, workerData })
         const tried = (work) => { try { return work() } catch (error) { console.log('refused', error) } }
         const workers = [started(undefined), ...[composed(), { value: composed() }, new sdk.Secret(canary)].map((data) => tried(() => started(data)))].filter(Boolean)
         let left = 0
         for (const worker of workers) {
           worker.on('message', (text) => { console.log('a worker saw', text); if (--left === 0) for (const each of workers) each.terminate() })
           for (let i = 0; i < ${count / 4}; i++) tried(() => { worker.postMessage(any([(v) => v, (v) => ({ v }), (v) => [v]])(any([composed(), new sdk.Secret(canary)]))); left++ })
           worker.postMessage('last'); left++
         }`,
      )
      expect(said).to.include('a worker saw').and.include('last')
      expect(said).not.to.include(canary)
    })
  })
})
