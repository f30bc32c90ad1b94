import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadPty, OwnTerminal } from './own-terminal.ts'
import { Program, programWith } from './program.ts'

const library = await loadPty()

/** Says what it is given, then each key as it arrives. */
const LISTENER = `
const { stdin, stdout, stderr } = process
console.log('terminals', String([stdin.isTTY, stdout.isTTY, stderr.isTTY]), stdout.columns + 'x' + stdout.rows)
console.log('\\x1b[32mgreen\\x1b[0m', process.env.TOKEN)
stdout.on('resize', () => console.log('now', stdout.columns + 'x' + stdout.rows))
stdin.setRawMode(true)
stdin.on('data', (keys) => {
  console.log('keys', keys.toString('hex'))
  if (String(keys) === 'q') process.exit(7)
})
console.log('ready')
`

const describeOnTerminal = library !== undefined && process.platform !== 'win32' ? describe : describe.skip

describeOnTerminal('esc run at a terminal', function () {
  this.timeout(60_000)
  const program = programWith(
    'app/dev',
    'values:\n  environmentVariables:\n    TOKEN: {fn::secret: hunter2-is-a-secret}\n    PIN: {fn::secret: secure9}\n',
  )

  const terminals: OwnTerminal[] = []
  afterEach(() => {
    for (const terminal of terminals.splice(0)) terminal.kill('SIGKILL')
  })

  function open(words: readonly string[], file?: string): OwnTerminal {
    const terminal = new OwnTerminal(library as NonNullable<typeof library>, program, words, file)
    terminals.push(terminal)
    return terminal
  }

  function run(...command: readonly string[]): OwnTerminal {
    return open([Program.path, 'run', 'app/dev', '--', ...command])
  }

  it('gives the program a terminal: colour, size and its changes, raw keys, its exit code; and hides secrets', async () => {
    const terminal = run(process.execPath, '-e', LISTENER)
    await terminal.shows('ready')
    expect(terminal.screen).to.include('terminals true,true,true 90x20')
    expect(terminal.screen).to.include('\x1b[32mgreen\x1b[0m [secret]\r\n')
    terminal.resize(101, 33)
    await terminal.shows('now 101x33')
    terminal.type('\x1b[A')
    await terminal.shows('keys 1b5b41')
    // Ctrl-C, Ctrl-Z and Ctrl-\ are keys like any other to it.
    for (const [key, hex] of [
      ['\x03', '03'],
      ['\x1a', '1a'],
      ['\x1c', '1c'],
      ['\r', '0d'],
      ['é', 'c3a9'],
    ]) {
      terminal.type(key as string)
      await terminal.shows(`keys ${hex}`)
    }
    terminal.type('q')
    expect(await terminal.exit()).to.equal(7)
  })

  it('echoes what is typed, hides a secret that is typed, and shows what may begin one', async () => {
    const terminal = run('cat')
    for (const letter of 'see the sea') {
      const from = terminal.screen.length
      terminal.type(letter)
      await terminal.shows(letter, from)
    }
    terminal.type('\r')
    await terminal.shows(/see the sea\r\n(?:.|\n)*see the sea\r\n/)
    terminal.type('hunter2-is-a-secret!\r')
    await terminal.shows(/\[secret\]!\r\n(?:.|\n)*\[secret\]!\r\n/)
    terminal.type('\x04')
    expect(await terminal.exit()).to.equal(0)
    expect(terminal.screen).not.to.include('hunter2')
  })

  it('shows a prompt that ends like the beginning of a secret', async () => {
    const terminal = run('sh', '-c', 'printf "how s"; read a; printf "how secu"; read a; exit 3')
    await terminal.shows(/how s$/)
    terminal.type('\r')
    // That much of a secret is not shown, but that there is something.
    await terminal.shows(/how \[secret\]$/)
    terminal.type('\r')
    expect(await terminal.exit()).to.equal(3)
  })

  it('lets Ctrl-C and Ctrl-\\ end the program, and keeps its exit code', async () => {
    for (const [key, code] of [
      ['\x03', 130],
      ['\x1c', 131],
    ] as const) {
      const terminal = run('sh', '-c', 'echo ready; exec sleep 60')
      await terminal.shows('ready')
      terminal.type(key)
      expect(await terminal.exit()).to.equal(code)
    }
    const trapping = run('sh', '-c', 'trap "echo caught; exit 9" INT; echo ready; while :; do sleep 0.05; done')
    await trapping.shows('ready')
    trapping.type('\x03')
    await trapping.shows('caught')
    expect(await trapping.exit()).to.equal(9)
  })

  it('passes on signals from outside', async () => {
    const terminal = run('sh', '-c', 'trap "echo caught; exit 8" TERM; echo ready; while :; do sleep 0.05; done')
    await terminal.shows('ready')
    terminal.kill('SIGTERM')
    expect(await terminal.exit()).to.equal(8)
  })

  it('stops on Ctrl-Z with the program, in a shell that can bring both back', async () => {
    const terminal = open(['--norc', '--noprofile', '-i'], 'bash')
    terminal.type('PS1="$"\r')
    terminal.type(`eval "$ESC run app/dev -- sh -c 'echo ready; exec cat'"\r`)
    await terminal.shows('ready\r\n')
    terminal.type('one\r')
    await terminal.shows(/one\r\none\r\n/)
    terminal.type('\x1a')
    await terminal.shows('Stopped')
    terminal.type('echo in the "shell"\r')
    await terminal.shows('in the shell\r\n')
    terminal.type('fg\r')
    await new Promise((done) => setTimeout(done, 300))
    terminal.type('two\r')
    await terminal.shows(/two\r\ntwo\r\n/)
    const from = terminal.screen.length
    terminal.type('\x04')
    await terminal.shows('$', from)
    terminal.type('echo "code" $?; stty -a\r')
    await terminal.shows('code 0')
    // The terminal is as it was.
    await terminal.shows(/[^-]icanon/)
    await terminal.shows(/[^-]echo /)
    terminal.type('exit\r')
    await terminal.exit()
  })

  it('leaves Ctrl-Z to a shell that runs in the terminal', async () => {
    const terminal = run('bash', '--norc', '--noprofile', '-i')
    terminal.type('PS1="$"\r')
    terminal.type('echo "up"; sleep 20\r')
    await terminal.shows(/up\r\n/)
    await new Promise((done) => setTimeout(done, 100))
    terminal.type('\x1a')
    await terminal.shows('Stopped')
    // At its prompt it ignores the key.
    terminal.type('\x1a')
    await new Promise((done) => setTimeout(done, 200))
    // The shell ends only once it knows that the job has.
    terminal.type('kill -KILL %1; wait %1; echo "still" here\r')
    await terminal.shows('still here')
    terminal.type('exit 5\r')
    expect(await terminal.exit()).to.equal(5)
  })

  it('writes everything a program has printed when it ends', async () => {
    // The shell keeps the outer terminal open until all of it has been read there.
    writeFileSync(join(program.folder, 'print.cjs'), "process.stdout.write('x'.repeat(300_000) + 'end')")
    const script = 'eval "$ESC run app/dev -- node print.cjs"; echo; echo over; read a'
    for (let time = 0; time < 5; time++) {
      const terminal = open(['-c', script], 'sh')
      await terminal.shows('over')
      expect(terminal.screen.replaceAll(/[^x]/g, '').length).to.equal(300_000)
      terminal.type('\r')
      await terminal.exit()
    }
  })

  it('keeps the terminal of a program that has closed it but has not ended', async () => {
    const ending = run('sh', '-c', 'exec <&- >&- 2>&-; sleep 0.3; exit 4')
    expect(await ending.exit()).to.equal(4)
    const opening = run(
      'sh',
      '-c',
      'exec <&- >&- 2>&-; sleep 0.3; exec </dev/tty >/dev/tty; echo again; read line; exit 5',
    )
    await opening.shows('again')
    opening.type('\r')
    expect(await opening.exit()).to.equal(5)
  })

  it('waits for no other program that has the terminal open', async () => {
    const terminal = run('sh', '-c', 'trap "" HUP; sleep 30 & echo $!; exit 6')
    expect(await terminal.exit()).to.equal(6)
    expect(terminal.screen).to.match(/^\d+\r\n$/)
    process.kill(Number(terminal.screen), 'SIGKILL')
  })

  it('gives pipes with --no-pty, and our own terminal with -i', async () => {
    const piped = open([Program.path, 'run', '--no-pty', 'app/dev', '--', 'sh', '-c', 'test -t 1 || echo no $TOKEN'])
    await piped.shows('no [secret]')
    expect(await piped.exit()).to.equal(0)
    const own = open([Program.path, 'run', '-i', 'app/dev', '--', 'sh', '-c', 'test -t 1 && echo yes $TOKEN'])
    await own.shows('yes hunter2-is-a-secret')
    expect(await own.exit()).to.equal(0)
  })

  it('runs with pipes where there is no such library', async () => {
    const hook = 'process.dlopen = () => { throw new Error("no such library") }'
    const url = `data:text/javascript,${encodeURIComponent(hook)}`
    const terminal = open([
      '--import',
      url,
      Program.path,
      'run',
      'app/dev',
      '--',
      'sh',
      '-c',
      'test -t 1 || echo $TOKEN; exit 6',
    ])
    expect(await terminal.exit()).to.equal(6)
    expect(terminal.screen).to.equal('[secret]\r\n')
  })
})
