import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('variables that make programs run code', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment(
      'app/base',
      'values: {environmentVariables: {NODE_OPTIONS: --require=./evil.js}}\n',
    )
    await playground.withEnvironment(
      'app/dev',
      'imports: [app/base]\nvalues: {environmentVariables: {COLOUR: green}}\n',
    )
  })
  afterEach(() => playground.remove())

  const ways: readonly (readonly string[])[] = [
    ['run', 'app/dev', '--', 'true'],
    ['env', 'run', 'app/dev', 'true'],
    ['open', 'app/dev', '--format', 'dotenv'],
    ['open', 'app/dev', '--format', 'shell'],
    ['open', 'app/dev', '--format', 'posix'],
    ['env', 'open', 'app/*', '--format', 'posix'],
    ['env', 'get', 'app/dev', '--value', 'shell'],
    ['env', 'get', 'app/dev', '--value', 'dotenv'],
  ]

  it('are refused wherever values become the variables of a process, also from an import', async () => {
    for (const words of ways) {
      const { code, out, err } = await playground.run(words)
      expect(code, words.join(' ')).to.equal(1)
      expect(out, words.join(' ')).to.equal('')
      expect(err).to.include('environmentVariables.NODE_OPTIONS is refused, because this variable makes Node run code')
      expect(err).to.include('--allow-variable NODE_OPTIONS').and.to.include('allow: {variables}')
    }
  })

  it('are shown where they stay values', async () => {
    for (const format of ['json', 'yaml', 'detailed', 'string'])
      expect(await playground.ok('open', 'app/dev', '--format', format)).to.include('evil.js')
  })

  it('are set when the user says so on the command line, and no others', async () => {
    expect(await playground.ok('open', 'app/dev', '--format', 'posix', '--allow-variable', 'NODE_OPTIONS')).to.include(
      "export NODE_OPTIONS='--require=./evil.js'",
    )
    expect(await playground.run(['open', 'app/dev', '--format', 'posix', '--allow-variable', 'PATH'])).to.include({
      code: 1,
    })
  })

  it('are set when esc.yaml asks for them and this machine has consented', async () => {
    const file = join(playground.store, 'esc.yaml')
    writeFileSync(file, `${readFileSync(file, 'utf8')}allow: {variables: [NODE_OPTIONS]}\n`)
    const asked = await playground.run(['open', 'app/dev', '--format', 'posix'])
    expect(asked).to.include({ code: 1 })
    const digest = /ESC_TRUST=(sha256:[0-9a-f]{64})/.exec(asked.err)?.[1]
    expect(digest, asked.err).to.be.a('string')
    for (const words of ways) {
      const { code, err } = await playground.run(words, { env: { ESC_TRUST: digest } })
      expect(code, `${words.join(' ')}: ${err}`).to.equal(0)
    }
  })

  it('are refused as files too', async () => {
    await playground.withEnvironment('app/file', 'values: {files: {BASH_ENV: "touch pwned", ENV: production}}\n')
    const { code, err } = await playground.run(['open', 'app/file', '--format', 'posix'])
    expect(code).to.equal(1)
    expect(err).to.include('files.BASH_ENV is refused')
    expect(await playground.run(['open', 'app/file', '--format', 'posix', '--allow-variable', 'BASH_ENV'])).to.include({
      code: 1,
    })
  })
})

describe('names that are no names of variables', () => {
  const playground = new Playground()
  after(() => playground.remove())

  it('are refused where a shell reads them, with the key', async () => {
    const odd = ['x;touch pwned', 'a b', 'A=B', '1st', 'my.name', 'é', 'BASH_FUNC_ls%%', 'a\nb', '$(id)']
    for (const [i, name] of odd.entries()) {
      await playground.withEnvironment(`odd/n${i}`, `values: {environmentVariables: {${JSON.stringify(name)}: x}}\n`)
      for (const format of ['dotenv', 'shell', 'posix']) {
        const words = ['open', `odd/n${i}`, '--format', format, '--allow-variable', name]
        const { code, out, err } = await playground.run(words)
        expect({ code, out }, `${name} ${format}`).to.deep.equal({ code: 1, out: '' })
        expect(err).to.include(`environmentVariables[${JSON.stringify(name)}] cannot be the name of a variable`)
      }
    }
  })

  it('are refused under run, unless they are allowed and set no other variable', async () => {
    await playground.withEnvironment('odd/dots', 'values: {environmentVariables: {my.name: x}}\n')
    await playground.withEnvironment('odd/equals', 'values: {environmentVariables: {"LD_PRELOAD=/x": y}}\n')
    await playground.withEnvironment(
      'odd/function',
      'values: {environmentVariables: {"BASH_FUNC_ls%%": "() { id; }"}}\n',
    )
    const run = (name: string, ...flags: string[]) =>
      playground.run(['run', ...flags, name, '--', process.execPath, '-p', 'process.env["my.name"]'])
    expect(await run('odd/dots')).to.include({ code: 1 })
    expect(await run('odd/dots', '--allow-variable', 'my.name')).to.include({ code: 0, out: 'x\n' })
    expect(await run('odd/function')).to.include({ code: 1 })
    expect(await run('odd/equals', '--allow-variable', 'LD_PRELOAD=/x')).to.include({ code: 1 })
  })
})
