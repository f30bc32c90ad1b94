import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadPty, OwnTerminal } from './own-terminal.ts'
import { ended, Program } from './program.ts'

const library = await loadPty()

describe('esc run --watch', function () {
  this.timeout(60_000)
  let program: Program
  let child: ChildProcess | undefined

  beforeEach(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.withEnvironment('app/base', 'values: {port: 80, token: {fn::secret: first-secret}}\n')
    await program.withEnvironment(
      'app/dev',
      [
        'imports: [app/base]',
        'values:',
        '  name: one',
        "  environmentVariables: {NAME: '${name}', PORT: '${port}', TOKEN: '${token}'}",
        "  files: {SETTINGS: '${name}'}",
      ].join('\n'),
    )
    return undefined
  })

  afterEach(async () => {
    if (child?.exitCode === null) {
      // Passed on, so that no command is left.
      const over = new Promise((done) => child?.on('exit', done))
      child.kill('SIGINT')
      await over
    }
    child = undefined
    program?.remove()
  })

  /** Runs a shell script under `--watch`, and collects what it prints. */
  function watch(script: string, words: readonly string[] = []) {
    child = program.start(['run', '--watch', ...words, 'app/dev', '--', 'sh', '-c', script])
    let text = ''
    child.stdout?.on('data', (bytes) => {
      text += bytes
    })
    const over = ended(child)
    return {
      child,
      over,
      text: () => text,
      async prints(expected: string | RegExp) {
        const deadline = performance.now() + 20_000
        while (typeof expected === 'string' ? !text.includes(expected) : !expected.test(text)) {
          if (performance.now() > deadline || child?.exitCode !== null)
            throw new Error(`${JSON.stringify(text)} lacks ${expected}`)
          await new Promise((done) => setTimeout(done, 10))
        }
      },
    }
  }

  const SERVER = 'echo "$NAME $PORT $TOKEN $ESC_REVISION in $(cat $SETTINGS)"; exec sleep 20'

  it('starts the command again with the values of a newer revision, and of one that is imported', async () => {
    const server = watch(SERVER)
    await server.prints('one 80 [secret] 2 in one\n')
    expect((await program.esc(['env', 'set', 'app/dev', 'name', 'two'])).code).to.equal(0)
    await server.prints('two 80 [secret] 3 in two\n')
    expect((await program.esc(['env', 'set', 'app/base', 'port', '81'])).code).to.equal(0)
    await server.prints('two 81 [secret] 3 in two\n')
    server.child.kill('SIGTERM')
    const { code, out, err } = await server.over
    expect(code).to.equal(143)
    expect(out.split('\n')).to.have.length(4)
    expect(err).to.equal(
      'esc: app/dev is at revision 3; starting sh again\nesc: app/base is at revision 3; starting sh again\n',
    )
    expect(readdirSync(join(program.folder, 'tmp'))).to.deep.equal([])
  })

  it('hides the secrets of earlier versions as well', async () => {
    const server = watch('echo "$NAME $TOKEN first-secret"; exec sleep 20')
    await server.prints('one [secret] [secret]\n')
    await program.esc(['env', 'set', 'app/base', 'token', 'second-secret', '--secret'])
    await server.prints(/one \[secret\] \[secret\]\n(.|\n)*one \[secret\] \[secret\]\n/)
  })

  it('leaves the command alone when the new version cannot be used, and says so', async () => {
    const server = watch(SERVER)
    await server.prints('one 80')
    let err = ''
    server.child.stderr?.on('data', (bytes) => {
      err += bytes
    })
    // Saved although it has an error: the other environment no longer has what this one uses.
    const broken = await program.run(['env', 'edit', 'app/base', '--file', '-'], { input: 'values: {token: x}\n' })
    expect(broken.code, broken.err).to.equal(0)
    await until(() => err.includes('which cannot be used'))
    expect(err).to.match(/^esc: app\/base is at revision 3, which cannot be used: .*port/)
    const mended = await program.run(['env', 'edit', 'app/base', '--file', '-'], {
      input: 'values: {port: 82, token: x}\n',
    })
    expect(mended.code, mended.err).to.equal(0)
    await server.prints('one 82')
  })

  it('ends with the command, and with its exit code', async () => {
    const server = watch('exit 7')
    expect((await server.over).code).to.equal(7)
  })

  it('lets the command finish its work, and kills what does not end, with all it has started', async () => {
    const server = watch('trap "echo bye; exit 0" TERM; echo "up $NAME"; while :; do sleep 0.05; done')
    await server.prints('up one')
    await program.esc(['env', 'set', 'app/dev', 'name', 'two'])
    await server.prints(/bye\nup two/)
    server.child.kill('SIGINT')
    // It has no trap for that.
    expect((await server.over).code).to.equal(130)

    const stubborn = watch('trap "" TERM; echo "up $NAME $$"; (trap "" TERM; sleep 20) & sleep 20')
    await stubborn.prints('up two')
    await program.esc(['env', 'set', 'app/dev', 'name', 'three'])
    // Bytes may come in two parts, even of one number.
    await stubborn.prints(/up three \d+\n/)
    process.kill(-Number(/up three (\d+)\n/.exec(stubborn.text())?.[1]), 'SIGKILL')
    expect((await stubborn.over).code).to.equal(137)
  })

  it('is watched by other means where the operating system tells of no changes', async () => {
    const hook = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module'
      fs.watch = () => { throw new Error('no watches') }; syncBuiltinESMExports()`
    const file = `data:text/javascript,${encodeURIComponent(hook)}`
    child = spawn(
      process.execPath,
      ['--import', file, Program.path, 'run', '--watch', 'app/dev', '--', 'sh', '-c', SERVER],
      { cwd: program.folder, env: { ...process.env, ...program.env }, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let text = ''
    child.stdout?.on('data', (bytes) => {
      text += bytes
    })
    await until(() => text.includes('one 80'))
    await program.esc(['env', 'set', 'app/dev', 'name', 'two'])
    await until(() => text.includes('two 80'))
  })

  it('gives each command a terminal of its own at a terminal; Ctrl-C ends both', async function () {
    if (library === undefined) return this.skip()
    const words = [Program.path, 'run', '--watch', 'app/dev', '--', 'sh', '-c', `test -t 1 && ${SERVER}`]
    const terminal = new OwnTerminal(library, program, words)
    try {
      await terminal.shows('one 80 [secret] 2 in one\r\n')
      await program.esc(['env', 'set', 'app/dev', 'name', 'two'])
      await terminal.shows(/esc: app\/dev is at revision 3; starting sh again\r\n(.|\n)*two 80 \[secret\] 3 in two\r\n/)
      terminal.type('\x03')
      expect(await terminal.exit()).to.equal(130)
    } finally {
      terminal.kill('SIGKILL')
    }
    return undefined
  })

  it('refuses to watch a draft', async () => {
    const { code, err } = await program.esc(['run', '--watch', '--draft', 'x', 'app/dev', '--', 'true'])
    expect(code).to.equal(2)
    expect(err).to.include('--watch and --draft exclude each other')
    expect(existsSync(program.store)).to.equal(true)
  })
})

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('it did not happen')
    await new Promise((done) => setTimeout(done, 10))
  }
}
