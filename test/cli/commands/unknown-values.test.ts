import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const definition = `values:
  pw: {fn::rotate::password: {inputs: {}}}
  plain: {note: x, other: 2}
  inner: {deep: ["\${pw.current}", 2]}
  environmentVariables: {A: "1", PW: "\${pw.current}", URL: "x://\${pw.current}@h", NOTHING: null}
  files: {F: "\${pw.current}"}
`
const rotate = 'hint: rotate it with "esc env rotate app/dev pw", or pass on the text [unknown] with --allow-unknown\n'

describe('a value that is not known yet', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment('app/dev', definition)
  })
  afterEach(() => playground.remove())

  for (const format of ['dotenv', 'posix', 'shell'])
    it(`is refused by open --format ${format}, with its path and the command to run`, async () => {
      const { code, out, err } = await playground.run(['open', 'app/dev', '--format', format])
      expect([code, out]).to.deep.equal([1, ''])
      expect(err).to.equal(
        `Error: app/dev: environmentVariables.PW, environmentVariables.URL, files.F are not known, because pw of app/dev was never rotated\n${rotate}`,
      )
      expect(readdirSync(join(playground.folder, 'tmp')).filter((name) => name.startsWith('esc-'))).to.deep.equal([])
    })

  for (const path of ['pw', 'pw.current', 'pw.nope.deeper', 'inner', 'inner.deep[0]'])
    it(`is refused by open ${path} --format string`, async () => {
      const { code, out, err } = await playground.run(['open', 'app/dev', path, '--format', 'string'])
      expect([code, out]).to.deep.equal([1, ''])
      expect(err).to.contain(' is not known, because pw of app/dev was never rotated').and.to.contain(rotate)
    })

  it('is shown as such to people and readers of JSON and YAML, also beneath it', async () => {
    expect(JSON.parse(await playground.ok('open', 'app/dev')).pw).to.equal('[unknown]')
    expect(await playground.ok('open', 'app/dev', 'pw.current')).to.equal('"[unknown]"\n')
    expect(await playground.ok('open', 'app/dev', 'pw', '--format', 'yaml')).to.contain('[unknown]')
    expect(await playground.ok('open', 'app/dev', 'pw', '--format', 'detailed')).to.contain('"unknown": true')
    expect(await playground.ok('open', 'app/dev', 'inner.deep[1]', '--format', 'string')).to.equal('2\n')
  })

  it('is refused by run before anything is started or written, in variables, files and arguments', async () => {
    const marker = join(playground.folder, 'started')
    const { code, err } = await playground.run(['run', 'app/dev', '--', 'touch', marker])
    expect([code, existsSync(marker)]).to.deep.equal([1, false])
    expect(err).to.contain('files.F are not known').and.to.contain(rotate)
    await playground.withEnvironment(
      'app/arguments',
      'imports: [app/dev]\nvalues: {environmentVariables: {PW: a, URL: b}, files: {F: c}}',
    )
    const inArgument = await playground.run(['run', 'app/arguments', '--', 'touch', `${marker}\${pw.current}`])
    expect([inArgument.code, existsSync(marker)]).to.deep.equal([1, false])
    expect(inArgument.err).to.equal(
      `Error: app/arguments: pw.current is not known, because pw of app/dev was never rotated\n${rotate}`,
    )
    expect((await playground.run(['run', 'app/arguments', '--', 'touch', marker])).code).to.equal(0)
  })

  it('is let through with --allow-unknown, with a warning', async () => {
    const opened = await playground.run(['open', 'app/dev', '--format', 'posix', '--allow-unknown'])
    expect(opened.code).to.equal(0)
    expect(opened.out).to.contain("export PW='[unknown]'\n")
    expect(opened.err)
      .to.contain('warning: app/dev: environmentVariables.PW, ')
      .and.to.contain('the text [unknown] is passed on')
    expect((await playground.run(['run', 'app/dev', '--allow-unknown', '--', 'true'])).code).to.equal(0)
  })

  it('is known after the command that the hint names', async () => {
    await playground.ok('env', 'rotate', 'app/dev', 'pw')
    expect(await playground.ok('open', 'app/dev', '--format', 'dotenv')).not.to.contain('[unknown]')
  })

  it('is refused as environmentVariables in its whole, too', async () => {
    await playground.withEnvironment(
      'app/whole',
      'values: {pw: {fn::rotate::password: {inputs: {}}}, environmentVariables: "${pw}"}',
    )
    const { code, err } = await playground.run(['open', 'app/whole', '--format', 'dotenv'])
    expect(code).to.equal(1)
    expect(err).to.contain('app/whole: environmentVariables is not known')
  })
})

describe('a path to nothing', () => {
  let playground: Playground
  before(async () => {
    playground = new Playground()
    await playground.withEnvironment('app/dev', 'values: {plain: {note: x, other: 2}, list: [1, 2]}')
  })
  after(() => playground.remove())

  for (const [path, instead] of [
    ['plain.nte', 'did you mean plain.note?'],
    ['plian.note', 'did you mean plain.note?'],
    ['nope', 'the environment has list, plain'],
    ['list[2]', 'list is a list of 2, counted from 0'],
    ['plain.note.x', 'plain.note is neither an object nor a list'],
  ] as const)
    it(`${path} is a warning of open with a suggestion, and an error with --strict`, async () => {
      const lax = await playground.run(['open', 'app/dev', path])
      expect(lax).to.deep.include({
        code: 0,
        out: 'null\n',
        err: `warning: app/dev has no value at ${path}; ${instead}\n`,
      })
      const strict = await playground.run(['open', 'app/dev', path, '--strict', '--format', 'string'])
      expect(strict).to.deep.include({
        code: 1,
        out: '',
        err: `Error: app/dev has no value at ${path}\nhint: ${instead}\n`,
      })
    })

  it('in a word of run stays as it is, with a warning, and is an error with --strict', async () => {
    const words = ['run', 'app/dev', '--', 'printf', '%s', '${plian.note}/build $$ $${plain.note}']
    const ran = await playground.run(words)
    expect(ran).to.deep.include({ code: 0, out: '${plian.note}/build $$ ${plain.note}' })
    expect(ran.err).to.equal(
      'warning: app/dev has no value at ${plian.note}, which stays as it is; did you mean plain.note?\n',
    )
    const strict = await playground.run(['run', '--strict', ...words.slice(1)])
    expect(strict).to.deep.include({ code: 1, out: '' })
    expect(strict.err).to.contain('Error: app/dev has no value at ${plian.note}\nhint: did you mean plain.note?')
  })

  it('is no warning where it is plainly for a shell', async () => {
    const script = 'echo "${X:-two words}" ${#HOME} "${HOME}"'
    const { out, err, code } = await playground.run(['run', '--strict', 'app/dev', '--', 'sh', '-c', script])
    expect([code, err]).to.deep.equal([0, ''])
    expect(out).to.equal(`two words ${playground.folder.length} ${playground.folder}\n`)
  })
})
