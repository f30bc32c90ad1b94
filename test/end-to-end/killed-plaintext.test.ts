import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ended, programWith } from './program.ts'

describe('plaintext of a command that was killed', function () {
  this.timeout(60_000)
  const program = programWith(
    'app/dev',
    'values:\n  password: {fn::secret: hunter2-is-a-secret}\n  files: {SETTINGS: {fn::secret: some-settings}}\n',
  )
  const place = () => join(program.folder, 'tmp')
  const folders = () => readdirSync(place()).filter((name) => /^esc-(?:edit|run)-/.test(name))

  async function until(holds: () => boolean): Promise<void> {
    for (let left = 200; !holds(); left--) {
      if (left === 0) throw new Error('it never came to be')
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  /** An edit in an editor that has shown the text and does not end. */
  async function openEditor() {
    const editor = join(program.folder, 'editor')
    writeFileSync(editor, '#!/bin/sh\ncp "$1" "$1~"\nexec sleep 30\n', { mode: 0o755 })
    const child = program.start(['env', 'edit', 'app/dev', '--show-secrets', '--editor', editor])
    const over = ended(child)
    await until(() => folders().some((name) => existsSync(join(place(), name, 'environment.yaml~'))))
    const folder = join(place(), folders()[0] as string)
    return { child, over, folder }
  }

  async function killedEdit(): Promise<string> {
    const { child, folder } = await openEditor()
    child.kill('SIGKILL')
    await new Promise((done) => child.on('exit', done))
    expect(readFileSync(join(folder, 'environment.yaml'), 'utf8')).to.include('hunter2-is-a-secret')
    return folder
  }

  for (const [name, words] of [
    ['check', ['check']],
    ['env edit', ['env', 'edit', 'app/dev', '--editor', 'true']],
    ['run', ['run', 'app/dev', '--', 'true']],
  ] as const) {
    it(`in an editor is removed by the next ${name}, which says so`, async () => {
      const folder = await killedEdit()
      const { err, code } = await program.esc(words)
      expect(code, err).to.equal(0)
      expect(err).to.include(`warning: removed plaintext that a killed esc had left in ${folder}`)
      expect(folders()).to.deep.equal([])
    })
  }

  it('that lives on is left alone, and is the user’s alone', async () => {
    const { child, over, folder } = await openEditor()
    expect(statSync(folder).mode & 0o777).to.equal(0o700)
    for (const file of ['environment.yaml', 'owner.json'])
      expect(statSync(join(folder, file)).mode & 0o777).to.equal(0o600)
    expect((await program.esc(['check'])).err).to.equal('')
    expect(readFileSync(join(folder, 'environment.yaml'), 'utf8')).to.include('hunter2-is-a-secret')
    child.kill('SIGTERM')
    await over
    expect(folders()).to.deep.equal([])
  })

  it('in the files of a command under run is removed too', async () => {
    const child = program.start(['run', 'app/dev', '--', 'sh', '-c', 'echo "$SETTINGS"; exec sleep 30'])
    let shown = ''
    child.stdout?.on('data', (bytes) => {
      shown += bytes
    })
    await until(() => shown.endsWith('\n'))
    const path = shown.trim()
    expect(statSync(path).mode & 0o777).to.equal(0o600)
    expect(readFileSync(path, 'utf8')).to.equal('some-settings')
    expect((await program.esc(['check'])).err).to.equal('')
    child.kill('SIGKILL')
    await new Promise((done) => child.on('exit', done))
    expect(existsSync(path)).to.equal(true)
    expect((await program.esc(['check'])).err).to.include('warning: removed plaintext')
    expect(existsSync(path)).to.equal(false)
  })

  it('is not taken for what others, or no esc, have put there', async () => {
    const victim = join(program.folder, 'victim')
    mkdirSync(victim)
    writeFileSync(join(victim, 'owner.json'), '{"pid": 1, "host": "elsewhere"}')
    symlinkSync(victim, join(place(), 'esc-edit-link'))
    mkdirSync(join(place(), 'esc-edit-new'))
    writeFileSync(join(place(), 'esc-edit-file'), 'x')
    mkdirSync(join(place(), 'esc-edit-elsewhere'))
    writeFileSync(join(place(), 'esc-edit-elsewhere', 'owner.json'), '{"pid": 4194304, "host": "elsewhere"}')
    mkdirSync(join(place(), 'esc-edit-old'))
    const old = Date.now() / 1000 - 2 * 86_400
    utimesSync(join(place(), 'esc-edit-old'), old, old)
    await program.esc(['check'])
    expect(folders().sort()).to.deep.equal(['esc-edit-elsewhere', 'esc-edit-file', 'esc-edit-link', 'esc-edit-new'])
    expect(existsSync(join(victim, 'owner.json'))).to.equal(true)
  })
})
