import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../cli/commands/esc.ts'

/** What happens at a comment line: by its text, without `## `. */
export type Happenings = Readonly<Record<string, () => void | Promise<void>>>

export interface Stage {
  /** Prepares the folder that the commands run in. */
  readonly prepare?: (folder: string) => void
  readonly happenings?: Happenings
  /** Commands that come first, and must succeed: a transcript without output. */
  readonly before?: string
  /**
   * What differs from machine to machine, and what is shown in its place. Commands and files of a
   * page name the latter, and get the former.
   */
  readonly replaced?: Readonly<Record<string, string>>
  /** Variables that everybody has. */
  readonly env?: Readonly<Record<string, string>>
  /** Programs by the names that commands call them. */
  readonly programs?: Readonly<Record<string, string>>
}

/** A stage with servers that run until it is struck. */
export interface SetStage extends Stage {
  strike(): Promise<void>
}

/** A file that a page shows. Ada writes it into the folder that she is in. */
export interface ShownFile {
  readonly name: string
  readonly text: string
}

/**
 * Runs the commands of a transcript, in an empty folder and through the built program, and returns
 * the transcript as it comes out:
 * `$ command`, then what it printed on both streams, then `[3]` when that is its exit code.
 * Comments and blank lines stay.
 */
export async function playTranscript(transcript: string, stage: Stage = {}): Promise<string> {
  const [played] = await playTranscripts([transcript], stage)
  return played as string
}

/**
 * Runs several transcripts one after the other, all on the same machine. `bob$ command` is typed by
 * Bob, who has a shell, a home and keys of his own; `$ command` by Ada. `/home` stands for the
 * folder of all homes, and `age1qz…` for the recipient that was printed last.
 */
export async function playTranscripts(parts: readonly (string | ShownFile)[], stage: Stage = {}): Promise<string[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'esc-transcript-')))
  mkdirSync(join(root, 'bin'))
  const esc = join(root, 'bin', 'esc')
  writeFileSync(esc, `#!/bin/sh\nexec "${process.execPath}" "${join(packageRoot, 'bin', 'run.cjs')}" "$@"\n`)
  chmodSync(esc, 0o755)
  for (const [name, path] of Object.entries(stage.programs ?? {})) symlinkSync(path, join(root, 'bin', name))
  const people = new Map<string, Person>()
  const personNamed = (name: string): Person => {
    const known = people.get(name)
    if (known !== undefined) return known
    const home = join(root, name)
    const folder = name === 'ada' ? join(home, 'shop') : home
    mkdirSync(folder, { recursive: true })
    const person = new Person(home, folder, { ...environmentOf(name, home, join(root, 'bin')), ...stage.env })
    people.set(name, person)
    return person
  }
  let recipient = ''
  try {
    stage.prepare?.(personNamed('ada').folder)
    for (const { text, person } of stepsOf(stage.before ?? '').filter(({ kind }) => kind === 'command')) {
      const { output, code } = await personNamed(person).type(asTyped(text, stage))
      if (code !== 0) throw new Error(`${text}: ${code}: ${output}`)
    }
    const played: string[] = []
    for (const part of parts) {
      if (typeof part !== 'string') {
        await personNamed('ada').type(
          `cat >'${part.name}' <<'END OF THE FILE'\n${asTyped(part.text, stage)}\nEND OF THE FILE`,
        )
        continue
      }
      const lines: string[] = []
      for (const step of stepsOf(part)) {
        lines.push(...step.lines)
        if (step.kind === 'comment') await stage.happenings?.[step.text]?.()
        if (step.kind !== 'command') continue
        const person = personNamed(step.person)
        const command = asTyped(step.text, stage).replaceAll('/home/', `${root}/`).replaceAll('age1qz…', recipient)
        const { output, code } = await person.type(command)
        recipient = output.match(RECIPIENT)?.at(-1) ?? recipient
        const replaced = { ...stage.replaced, [person.home]: '~', [root]: '/home' }
        if (output !== '') lines.push(normalised(output, replaced).replace(/\n$/, ''))
        if (code !== 0) lines.push(`[${code}]`)
      }
      played.push(`${lines.join('\n')}\n`)
    }
    return played
  } finally {
    for (const person of people.values()) person.leave()
    rmSync(root, { recursive: true, force: true })
  }
}

/** With what is here in the place of what is shown. */
function asTyped(text: string, { replaced = {} }: Stage): string {
  return Object.entries(replaced).reduce((typed, [here, shown]) => typed.replaceAll(shown, here), text)
}

const RECIPIENT = /age1[a-z0-9]{58}/g

/** Somebody at a shell, which keeps the folder that they are in and the variables that they set. */
class Person {
  readonly home: string
  readonly folder: string
  readonly #shell: ChildProcess

  constructor(home: string, folder: string, env: Readonly<Record<string, string | undefined>>) {
    this.home = home
    this.folder = folder
    const stdio = ['pipe', 'pipe', 'inherit'] as const
    // In a process group of its own, with what it starts in the background.
    this.#shell = spawn('bash', ['--norc', '-c', SHELL], { cwd: folder, env, stdio: [...stdio], detached: true })
  }

  /** Runs a command, and returns what it printed on both streams. */
  type(command: string): Promise<{ readonly output: string; readonly code: number }> {
    const { stdin, stdout } = this.#shell
    return new Promise((resolve) => {
      let all = ''
      const read = (bytes: Buffer) => {
        all += bytes
        const end = /^([\s\S]*)\0(\d+)\0$/.exec(all)
        if (end === null) return
        stdout?.off('data', read)
        resolve({ output: end[1] as string, code: Number(end[2]) })
      }
      stdout?.on('data', read)
      stdin?.write(`${command}\0`)
    })
  }

  leave(): void {
    const { pid, exitCode, signalCode } = this.#shell
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid)
  }
}

/** Reads commands that end in a zero byte. None of them reads the next one. */
const SHELL = `while IFS= read -r -d '' command <&0; do
  eval "$command" </dev/null 2>&1
  printf '\\0%s\\0' "$?"
done`

function environmentOf(name: string, home: string, programs: string): Record<string, string | undefined> {
  const author = name === 'ada' ? 'Ada Lovelace' : `${name[0]?.toUpperCase()}${name.slice(1)}`
  const email = `${name}@example.com`
  return {
    HOME: home,
    ESC_CONFIG_HOME: join(home, '.config', 'esc'),
    ESC_AUTHOR: `${author} <${email}>`,
    GIT_AUTHOR_NAME: author,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: author,
    GIT_COMMITTER_EMAIL: email,
    GIT_CONFIG_COUNT: '3',
    GIT_CONFIG_KEY_0: 'init.defaultBranch',
    GIT_CONFIG_VALUE_0: 'main',
    GIT_CONFIG_KEY_1: 'pull.rebase',
    GIT_CONFIG_VALUE_1: 'false',
    GIT_CONFIG_KEY_2: 'gc.auto',
    GIT_CONFIG_VALUE_2: '0',
    PATH: `${programs}:${process.env.PATH}`,
    PAGER: 'cat',
  }
}

interface Step {
  readonly kind: 'command' | 'comment' | 'blank'
  readonly lines: readonly string[]
  readonly text: string
  /** Who types the command. */
  readonly person: string
}

/**
 * What was printed is left out: it is made anew. A command goes on while its lines end in a
 * backslash.
 */
function stepsOf(transcript: string): Step[] {
  const steps: Step[] = []
  const lines = transcript.trimEnd().split('\n')
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!
    const person = 'ada'
    if (line.startsWith('## ')) steps.push({ kind: 'comment', lines: [line], text: line.slice(3), person })
    // A blank line is one of the transcript's own when a command or comment follows; otherwise it
    // was printed.
    if (line === '' && /^([a-z]*[$]|##) /.test(lines[index + 1] ?? '')) {
      steps.push({ kind: 'blank', lines: [''], text: '', person })
    }
    const [prompt, typist] = /^([a-z]*)[$] /.exec(line) ?? []
    if (prompt === undefined) continue
    const command = [line]
    while (command.at(-1)!.endsWith('\\')) command.push(lines[++index]!)
    const text = command.join('\n').slice(prompt.length)
    steps.push({ kind: 'command', lines: command, text, person: typist || person })
  }
  return steps
}

/** Without what is different each time. */
function normalised(output: string, replaced: Readonly<Record<string, string>>): string {
  let text = output
  for (const [from, to] of Object.entries(replaced)) text = text.replaceAll(from, to)
  return (
    text
      .replace(/ciphertext: \S+/g, 'ciphertext: ZXNj…')
      .replace(/"(current|previous)": "[^"]+"/g, '"$1": "…"')
      .replace(/\bkey [0-9a-f]{16}\b/g, 'key 46f9…')
      .replace(/stores\/[0-9a-f]{32}/g, 'stores/29ca…')
      .replace(RECIPIENT, 'age1qz…')
      .replace(/AKIA[A-Z0-9]{16}/g, 'AKIA…')
      .replace(/sha256:[0-9a-f]{64}/g, 'sha256:1f3a…')
      .replace(/token [0-9a-f]{18}/g, 'token 508c9674349523b34f')
      // How wide its column is depends on how many digits the fractions of a second have.
      .replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \+0000 UTC +(?=\S)/gm, '2026-01-01 12:00:00 +0000 UTC  ')
      .replace(/^COMPLETED +STATUS/gm, 'COMPLETED                      STATUS')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} \w+/g, '2026-01-01 12:00:00 +0000 UTC')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, '2026-01-01 12:00')
      .replace(/(12:00 {2})\d+([smh]) +(?=\S)/g, '$11$2   ')
  )
}
