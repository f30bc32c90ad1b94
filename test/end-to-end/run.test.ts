import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ended, Program, programWith } from './program.ts'

describe('esc run', function () {
  this.timeout(60_000)
  const program = programWith(
    'app/dev',
    'values:\n  environmentVariables: {TOKEN: {fn::secret: hunter2-is-a-secret}}\n  files: {SETTINGS: {fn::secret: some-settings}}\n',
  )

  const files = () => readdirSync(join(program.folder, 'tmp'))
  const sh = (script: string) => ['run', 'app/dev', '--', 'sh', '-c', script]

  it('tells the command where it runs, and warns when it runs within another', async () => {
    const ran = await program.esc(sh('echo $ESC_ENVIRONMENT $ESC_REVISION'))
    expect(ran).to.include({ code: 0, out: 'app/dev 2\n', err: '' })
    const nested = await program.esc(sh('echo $ESC_REVISION'), { ESC_ENVIRONMENT: 'app/prod', ESC_REVISION: '7' })
    expect(nested).to.include({ code: 0, out: '2\n' })
    expect(nested.err).to.match(/^warning: this is inside "esc run app\/prod" \(revision 7\)/)
  })

  it('says with 126 or 127 why a command was not started', async () => {
    expect(await program.esc(['run', 'app/dev', '--', 'no-such-program'])).to.include({ code: 127 })
    expect(await program.esc(['run', 'app/dev', '--', './environments/esc.yaml'])).to.include({ code: 126 })
    writeFileSync(join(program.folder, 'script'), '#!/no/such/interpreter\n', { mode: 0o755 })
    const ran = await program.esc(['run', 'app/dev', '--', './script'])
    expect(ran.code).to.equal(127)
    expect(ran.err).to.include('first line')
    expect(files()).to.deep.equal([])
  })

  it('passes standard input on, and the two outputs byte for byte', () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919 + (i >> 7)) & 0xff))
    for (const [script, stream] of [
      ['cat', 'stdout'],
      ['cat >&2', 'stderr'],
    ] as const) {
      const ran = spawnSync(process.execPath, [Program.path, ...sh(script)], {
        cwd: program.folder,
        env: { ...process.env, ...program.env },
        input: bytes,
        maxBuffer: 1e7,
      })
      expect(ran.status).to.equal(0)
      expect(ran[stream].equals(bytes)).to.equal(true)
    }
  })

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
    ['SIGUSR1', 138],
    ['SIGUSR2', 140],
  ] as const) {
    it(`passes ${signal} on, and removes the files`, async () => {
      const child = program.start(sh('echo $SETTINGS; exec sleep 20'))
      const over = ended(child)
      await new Promise((done) => child.stdout?.once('data', done))
      expect(files()).to.have.length(1)
      child.kill(signal)
      expect((await over).code).to.equal(code)
      expect(files()).to.deep.equal([])
    })
  }

  it('hears signals, and waits with the command, while nobody reads its output', async () => {
    const child = program.start(sh('trap "echo no >&2" PIPE; echo start >&2; exec yes "$TOKEN"'))
    const over = new Promise<number | null>((done) => child.on('exit', (code) => done(code)))
    child.stdout?.pause()
    await new Promise((done) => child.stderr?.once('data', done))
    // Everything between is full by now; esc itself stays small.
    await new Promise((done) => setTimeout(done, 500))
    if (existsSync(`/proc/${child.pid}/statm`)) {
      const kilobytes = Number(spawnSync('ps', ['-o', 'rss=', '-p', String(child.pid)]).stdout)
      expect(kilobytes).to.be.lessThan(300_000)
    }
    child.kill('SIGTERM')
    await new Promise((done) => setTimeout(done, 200))
    child.stdout?.resume()
    expect(await over).to.equal(143)
    expect(files()).to.deep.equal([])
  })

  it('ends with a command whose reader has gone, and removes the files', () => {
    const script = `"${process.execPath}" "${Program.path}" run app/dev -- yes "\\\${PATH}" 2>/dev/null | head -c 5; echo "\${PIPESTATUS[0]}"`
    const { stdout } = spawnSync('bash', ['-c', script], {
      cwd: program.folder,
      env: { ...process.env, ...program.env },
      timeout: 20_000,
    })
    expect(String(stdout)).to.match(/(?:1|141)\n$/)
    expect(files()).to.deep.equal([])
  })

  it('shows a prompt at once, whatever it ends with', async () => {
    const child = spawn(process.execPath, [Program.path, ...sh('printf "go on? hu"; read answer; echo "$answer"')], {
      cwd: program.folder,
      env: { ...process.env, ...program.env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let text = ''
    await new Promise<void>((done) => {
      child.stdout.on('data', (bytes) => {
        text += bytes
        if (text === 'go on? hu') done()
      })
    })
    child.stdin.end('nter2-is-a-secret\n')
    await new Promise((done) => child.on('close', done))
    expect(text).to.equal('go on? hu[secret]\n')
  })
})
