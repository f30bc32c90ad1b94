import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../cli/commands/esc.ts'

/** What happens at a comment line: by its text, without `## `. */
export type Happenings = Readonly<Record<string, () => void | Promise<void>>>

export interface Stage {
  /** Prepares the folder that the commands run in. */
  readonly prepare?: (folder: string) => void
  readonly happenings?: Happenings
  /** What differs from machine to machine, and what is shown in its place. */
  readonly replaced?: Readonly<Record<string, string>>
}

/**
 * Runs the commands of a transcript, in an empty folder and through the built program, and returns
 * the transcript as it comes out:
 * `$ command`, then what it printed on both streams, then `[3]` when that is its exit code.
 * Comments and blank lines stay.
 */
export async function playTranscript(transcript: string, stage: Stage = {}): Promise<string> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'esc-transcript-')))
  const folder = join(home, 'shop')
  mkdirSync(folder)
  mkdirSync(join(home, 'bin'))
  const esc = join(home, 'bin', 'esc')
  writeFileSync(esc, `#!/bin/sh\nexec "${process.execPath}" "${join(packageRoot, 'bin', 'run.cjs')}" "$@"\n`)
  chmodSync(esc, 0o755)
  stage.prepare?.(folder)
  const env = {
    HOME: home,
    ESC_CONFIG_HOME: join(home, '.config', 'esc'),
    ESC_AUTHOR: 'Ada Lovelace <ada@example.com>',
    PATH: `${join(home, 'bin')}:${process.env.PATH}`,
    PAGER: 'cat',
  }
  const lines: string[] = []
  try {
    for (const step of stepsOf(transcript)) {
      lines.push(...step.lines)
      if (step.kind === 'comment') await stage.happenings?.[step.text]?.()
      if (step.kind !== 'command') continue
      const { output, code } = await run(step.text, { cwd: folder, env })
      if (output !== '') lines.push(normalised(output, { ...stage.replaced, [home]: '~' }).replace(/\n$/, ''))
      if (code !== 0) lines.push(`[${code}]`)
    }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
  return `${lines.join('\n')}\n`
}

interface Step {
  readonly kind: 'command' | 'comment' | 'blank'
  readonly lines: readonly string[]
  readonly text: string
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
    if (line.startsWith('## ')) steps.push({ kind: 'comment', lines: [line], text: line.slice(3) })
    // A blank line is one of the transcript's own when a command or comment follows; otherwise it
    // was printed.
    if (line === '' && /^([$]|##) /.test(lines[index + 1] ?? '')) steps.push({ kind: 'blank', lines: [''], text: '' })
    if (!line.startsWith('$ ')) continue
    const command = [line]
    while (command.at(-1)!.endsWith('\\')) command.push(lines[++index]!)
    steps.push({ kind: 'command', lines: command, text: command.join('\n').slice(2) })
  }
  return steps
}

function run(
  command: string,
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<{ output: string; code: number | null }> {
  const child = spawn('sh', ['-c', `exec 2>&1\n${command}`], { ...options, stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (bytes) => {
    output += bytes
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ output, code })))
}

/** Without what is different each time. */
function normalised(output: string, replaced: Readonly<Record<string, string>>): string {
  let text = output
  for (const [from, to] of Object.entries(replaced)) text = text.replaceAll(from, to)
  return (
    text
      .replace(/ciphertext: \S+/g, 'ciphertext: ZXNj…')
      .replace(/"(current|previous)": "[^"]+"/g, '"$1": "…"')
      .replace(/\(key [0-9a-f]{16}\)/g, '(key 46f9…)')
      .replace(/stores\/[0-9a-f]{32}/g, 'stores/29ca…')
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
