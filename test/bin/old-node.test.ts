import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { expect } from 'chai'
import { transform } from 'esbuild'
import { packageRoot } from '../cli/commands/esc.ts'

const source = readFileSync(join(packageRoot, 'bin', 'run.cjs'), 'utf8')

/**
 * Runs the file as a Node of that version would; what it asks of Node beyond `fs.writeSync` throws.
 */
function startUnder(node: string, getBuiltinModule: unknown) {
  const written: string[] = []
  let exit: number | undefined
  const process = {
    versions: { node },
    execPath: '/opt/node',
    argv: ['/opt/node', '/opt/esc', 'env', 'ls'],
    getBuiltinModule,
    exit(code: number) {
      exit = code
      throw new Error('exited')
    },
  }
  const require = (id: string) => {
    if (id !== 'fs') throw new Error(`asked for ${id}`)
    return { writeSync: (fd: number, text: string) => written.push(`${fd}:${text}`) }
  }
  const script = new Script(`(function (process, require, module, __dirname) {${source.replace(/^#!.*/, '')}\n})`)
  let end = 'ended'
  try {
    script.runInThisContext()(process, require, {}, '/opt/bin')
  } catch (error) {
    end = (error as Error).message
  }
  return { written, exit, end }
}

describe('bin/run.cjs under a Node that is too old', () => {
  for (const version of ['0.10.48', '8.17.0', '16.20.2', '18.20.4', '20.0.0', '20.18.3']) {
    it(`says in one line what it needs: ${version}`, () => {
      const { written, exit, end } = startUnder(version, undefined)
      expect(written).to.deep.equal([
        `2:Error: esc needs Node 20.19 or later; this is Node ${version} (/opt/node). Install a newer one: https://nodejs.org\n`,
      ])
      expect({ exit, end }).to.deep.equal({ exit: 1, end: 'exited' })
    })
  }

  it('refuses the Node 21 and 22 that lack what the bundles use', () => {
    for (const version of ['21.7.3', '22.2.0']) {
      const { written, exit } = startUnder(version, undefined)
      expect(written.join('')).to.match(/^2:Error: esc needs Node 20\.19, or 22\.3 or later; this is Node .*\n$/)
      expect(exit).to.equal(1)
    }
  })

  it('goes on under Node 20.19 and every later release', () => {
    for (const version of ['20.19.0', '20.20.1', '22.3.0', '24.1.0', '100.0.0', '26.0.0-nightly2026']) {
      const { written, end } = startUnder(version, () => {})
      expect(written, version).to.deep.equal([])
      expect(end).to.equal('asked for node:fs')
    }
  })

  it('is ES5, which a Node of any age can read', async () => {
    const body = source.replace(/^#!.*/, '')
    const lowered = async (text: string) => (await transform(text, { target: 'es5' })).code
    const unchanged = async (text: string) =>
      (await transform(text, { supported: { 'object-extensions': false } })).code
    expect(await lowered(body)).to.equal(await unchanged(body))
    // The comparison would see newer syntax.
    const newer = 'module.exports = () => `${1}`'
    expect(await lowered(newer)).not.to.equal(await unchanged(newer))
    expect(body).not.to.match(/[{,] \w+ \}/, 'a property without a colon is newer')
    expect(body).not.to.match(/,\s*\)/, 'a comma after the last argument is newer')
  })
})
