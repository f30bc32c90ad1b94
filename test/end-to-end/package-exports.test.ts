import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { Program } from './program.ts'

const run = promisify(execFile)

/** A program in TypeScript that uses each entry of the package. */
const CONSUMER = `
import { Config, EscError, openStore, type EnvironmentStore } from '@gitesc/cli'
import { type Plugin, type Rotator, EscError as PluginError, secret } from '@gitesc/cli/plugin'
import { contract } from '@gitesc/cli/testkit'

export async function read(): Promise<string> {
  const store: EnvironmentStore = await openStore('.')
  const environment = await store.open('app/dev')
  const config = new Config('app', environment)
  const token: string | undefined = config.get('token')
  return token ?? ''
}
export const plugin: Plugin = { contract: 1, rotators: [] as Rotator[] }
export const made = [new EscError('usage', 'x'), new PluginError('usage', 'x'), secret('x'), contract]
// @ts-expect-error a code that there is not: the types are those of the package, and no any
export const wrong = new EscError('no-such-code', 'x')
`

/** What the package has at run time, by either way of loading it. */
const CHECK = `
if (typeof cli.openStore !== 'function' || typeof cli.Config !== 'function') throw new Error('openStore')
if (typeof testkit.contract !== 'function') throw new Error('contract')
if (!(new plugin.EscError('usage', 'x') instanceof plugin.EscError)) throw new Error('EscError')
if (plugin.secret('hidden').reveal() !== 'hidden') throw new Error('secret')
`

describe('the exports of the packed package', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'esc-exports-'))
  const home = join(folder, 'node_modules', '@gitesc', 'cli')
  let tarball: Buffer
  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    // Without prepack, which would build anew below the feet of other tests.
    const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
    const { stdout } = await run('npm', words, { cwd: packageRoot })
    const file = join(folder, JSON.parse(stdout)[0].filename)
    tarball = readFileSync(file)
    mkdirSync(home, { recursive: true })
    await run('tar', ['-xzf', file, '-C', home, '--strip-components=1'])
    symlinkSync(join(packageRoot, 'node_modules', '@types'), join(folder, 'node_modules', '@types'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('are free of what publint finds', async () => {
    const { publint } = await import('publint')
    const bytes = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength) as ArrayBuffer
    const { messages } = await publint({ pack: { tarball: bytes }, strict: true })
    expect(messages).to.deep.equal([])
  })

  it('have a manifest that may be published, and that runs nothing where it is installed', () => {
    const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
    expect(manifest).to.not.have.property('private')
    expect(manifest).to.have.nested.property('publishConfig.access', 'public')
    // npm runs these for who installs the package, from a registry or from git.
    const run = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare']
    expect(Object.keys(manifest.scripts)).to.not.include.members(run)
    for (const script of run) expect(manifest.scripts, script).to.not.have.property(script)
    expect(manifest.bin).to.deep.equal({ esc: './bin/run.cjs', gitesc: './bin/run.cjs' })
  })

  it('load by import and by require, and their classes get on with each other', async () => {
    const names = ['cli', 'plugin', 'testkit']
    const entry = (name: string) => (name === 'cli' ? '@gitesc/cli' : `@gitesc/cli/${name}`)
    const imports = names.map((name) => `import * as ${name} from '${entry(name)}'\n`).join('')
    const requires = names.map((name) => `const ${name} = require('${entry(name)}')\n`).join('')
    const both = `import { createRequire } from 'node:module'
const required = createRequire(import.meta.url)('@gitesc/cli/plugin')
if (!(new required.EscError('usage', 'x') instanceof plugin.EscError)) throw new Error('copies of EscError')
if (!(required.secret('x') instanceof plugin.Secret)) throw new Error('copies of Secret')
`
    writeFileSync(join(folder, 'check.mjs'), imports + both + CHECK)
    writeFileSync(join(folder, 'check.cjs'), requires + CHECK)
    for (const file of ['check.mjs', 'check.cjs']) await run(process.execPath, [join(folder, file)])
  })

  it('have types under node16, for ES modules and CommonJS, and for bundlers', async () => {
    for (const extension of ['mts', 'cts', 'ts']) writeFileSync(join(folder, `consumer.${extension}`), CONSUMER)
    const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc')
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node']
    for (const words of [
      ['--module', 'node16', 'consumer.mts', 'consumer.cts'],
      ['--module', 'esnext', '--moduleResolution', 'bundler', 'consumer.ts'],
    ]) {
      // What is said of a mistake is in the output.
      const { stdout } = await run(process.execPath, [tsc, ...options, ...words], { cwd: folder }).catch(
        (error) => error,
      )
      expect(stdout, words.join(' ')).to.equal('')
    }
  })

  it('resolve to types as are the types wrong asks, but under node10, which has no exports', async function () {
    if (!process.env.SLOW) return this.skip()
    const { checkPackage, createPackageFromTarballData } = await import('@arethetypeswrong/core')
    const result = await checkPackage(createPackageFromTarballData(tarball))
    if (result.types === false) return expect.fail('no types were found')
    expect(Object.keys(result.entrypoints)).to.have.members(['.', './plugin', './testkit', './package.json'])
    const isOld = (each: object) => 'resolutionKind' in each && each.resolutionKind === 'node10'
    expect(result.problems.filter((each) => !isOld(each))).to.deep.equal([])
    expect(result.problems, 'what is left out is no more than the three entries').to.have.length(3)
    return undefined
  })

  it('fit the range that authors of plugins are told to ask for', () => {
    const text = readFileSync(join(packageRoot, 'docs', 'writing-a-rotator.md'), 'utf8')
    const ranges = [...text.matchAll(/"peerDependencies": \{ "@gitesc\/cli": "([^"]+)" \}/g)].map(([, range]) => range)
    expect(ranges).to.deep.equal(['>=0.1.0'])
    const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
    expect(version.localeCompare('0.1.0', 'en', { numeric: true })).to.be.at.least(0)
    for (const [, entry] of text.matchAll(/'@gitesc\/cli(\/[\w-]+)?'/g)) {
      const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
      expect(exports).to.have.property(`.${entry ?? ''}`)
    }
  })
})
