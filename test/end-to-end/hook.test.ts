import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect } from 'chai'
import { HOOK_SHELLS, type HookShell } from '../../src/cli/framework/hook-script.ts'
import { Program } from './program.ts'

/** Interactive, with none of the user's start-up files. */
const FLAGS: Record<HookShell, readonly string[]> = {
  bash: ['--norc', '--noprofile', '-i'],
  zsh: ['-f', '-i'],
  fish: ['--no-config', '-i'],
}

const LOAD: Record<HookShell, string> = {
  bash: 'eval "$(esc hook bash)"',
  zsh: 'eval "$(esc hook zsh)"',
  fish: 'esc hook fish | source',
}

/** Runs what the shell runs before it shows a prompt, then prints the segment. */
const PROMPT: Record<HookShell, string> = {
  bash: 'eval "$PROMPT_COMMAND"; echo "segment=[$ESC_PROMPT] prompt=[${PS1@P}]"',
  zsh: '__esc_hook; echo "segment=[$ESC_PROMPT] prompt=[${(%%e)PROMPT}]"',
  fish: '__esc_hook; echo "segment=[$ESC_PROMPT] prompt=["(fish_prompt | string collect)"]"',
}

describe('the prompt of', function () {
  this.timeout(60_000)
  const program = new Program()
  const project = join(program.folder, 'services', 'billing')
  const bin = join(program.folder, 'bin')

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    await program.ok('init')
    await program.ok('env', 'init', 'billing/dev')
    await program.ok('env', 'init', 'billing/prod')
    mkdirSync(join(program.folder, '.git'))
    mkdirSync(project, { recursive: true })
    mkdirSync(bin)
    writeFileSync(join(project, '.esc.yaml'), 'environment: billing/dev\n')
    const file = join(bin, 'esc')
    writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${Program.path}" "$@"\n`)
    chmodSync(file, 0o755)
  })

  after(() => program.remove())

  for (const shell of HOOK_SHELLS) {
    it(`${shell} shows the environment of the folder, and the one that was selected there`, function () {
      if (spawnSync(shell, ['-c', 'true']).status !== 0) return this.skip()
      const lines = [
        LOAD[shell],
        PROMPT[shell],
        `cd ${project}`,
        PROMPT[shell],
        'esc select billing/prod',
        PROMPT[shell],
        'esc select --none',
        PROMPT[shell],
        // Loaded once more, as by a shell within a shell.
        LOAD[shell],
        PROMPT[shell],
        'cd ..',
        PROMPT[shell],
        'esc open billing/none; echo "code=$?"',
      ].map((line) => (shell === 'fish' ? line.replace('$?', '$status') : line))
      // A file, since fish reads no commands from the sockets that Node makes pipes of.
      const script = join(program.folder, `${shell}-session`)
      writeFileSync(script, `${lines.join('\n')}\nexit\n`)
      const input = openSync(script, 'r')
      const { stdout, stderr } = spawnSync(shell, FLAGS[shell], {
        cwd: program.folder,
        env: { ...program.env, PATH: `${bin}${delimiter}${process.env.PATH}`, TERM: 'dumb' },
        stdio: [input, 'pipe', 'pipe'],
        encoding: 'utf8',
      })
      closeSync(input)
      const shown = [...stdout.matchAll(/segment=\[(.*?)\] prompt=\[([\s\S]*?)\]/g)].map(([, segment]) => segment)
      expect(shown, stderr).to.deep.equal(['', 'billing/dev', 'billing/prod', 'billing/dev', 'billing/dev', ''])
      expect(stdout.match(/prompt=\[\(billing\/dev\) (?!\(billing)/g), stdout).to.have.lengthOf(3)
      expect(stdout).to.include('code=1')
    })
  }
})
