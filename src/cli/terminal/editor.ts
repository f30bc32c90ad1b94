import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { childEnvironment } from '../../child-environment.ts'
import { EscError, messageOf } from '../../errors.ts'
import { findProgram, makeTemporaryFolder } from '../../operations/index.ts'
import type { Io } from './io.ts'
import { shellWords } from './shell-words.ts'

/** An editor: the program and the words that go before the name of the file. */
export interface Editor {
  readonly program: string
  readonly args: readonly string[]
}

/**
 * `command`, else $VISUAL, else $EDITOR, else `vi`. VS Code needs `-w` to wait
 * until the file is closed.
 */
export function findEditor(io: Io, command: string | undefined): Editor {
  const line = command || io.env.VISUAL || io.env.EDITOR
  if (!line) {
    const vi = findProgram('vi', io.env.PATH, io.cwd)
    if (vi !== undefined) return { program: vi, args: [] }
    throw new EscError(
      'usage',
      'no available editor; please use the --editor flag or set one of the VISUAL or EDITOR environment variables',
      { hint: 'or change the definition with --file' },
    )
  }
  const [name = '', ...args] = shellWords(line)
  const program = findProgram(name, io.env.PATH, io.cwd)
  if (program === undefined) {
    throw new EscError('usage', `finding "${name}" on path: command not found`, {
      hint: 'name an editor that is installed, with --editor, VISUAL or EDITOR',
    })
  }
  return { program, args: name === 'code' && args.length === 0 ? ['-w'] : args }
}

/**
 * Lets the user edit a text in a temporary file that only they can read, and returns what they
 * saved. `about` tells the language server of the editor what it is the definition of. `undefined`:
 * of something that is not here. The file and its folder are removed, whatever happens; if this
 * process is killed, by `sweepTemporaryFolders`.
 */
export async function editText(
  io: Io,
  editor: Editor,
  text: string,
  about: { readonly store: string; readonly environment: string } | undefined,
): Promise<string> {
  io.busy?.end()
  const { spawn } = await import('node:child_process')
  const folder = makeTemporaryFolder('edit', io.env.TMPDIR, about)
  // Ctrl-C belongs to the editor; SIGTERM and SIGHUP end it, and then us.
  let stopped: NodeJS.Signals | undefined
  let kill: ((signal: NodeJS.Signals) => void) | undefined
  const stop = io.onInterrupt((signal) => {
    if (signal === 'SIGINT') return
    stopped = signal
    kill?.(signal)
  })
  try {
    const file = join(folder.path, 'environment.yaml')
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
    const code = await new Promise<number>((done, fail) => {
      const child = spawn(editor.program, [...editor.args, file], {
        stdio: io.sharesStreams ? 'inherit' : 'ignore',
        env: childEnvironment(io.env),
        cwd: io.cwd,
      })
      kill = (signal) => child.kill(signal)
      child.on('error', fail)
      child.on('exit', (status) => done(status ?? -1))
    })
    if (stopped !== undefined) throw new EscError('interrupted', `editor: stopped by ${stopped}`)
    if (code !== 0) {
      throw new EscError('io', `editor: exit status ${code}`, { hint: 'nothing was saved' })
    }
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof EscError) throw error
    throw new EscError('io', `reading temporary file: ${messageOf(error)}`, { cause: error })
  } finally {
    stop()
    folder.remove()
  }
}
