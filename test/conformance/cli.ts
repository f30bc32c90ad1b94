import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { main } from '../../src/cli/framework/main.ts'
import { repositoryRoot } from '../sources.ts'
import { answeringWebhook, asRecorded, counting, provider } from './cli/doubles.ts'
import { type Answer, type Call, playScript } from './cli/shell.ts'
import { now, Stage } from './cli/stage.ts'
import { type Output, readTranscript, type Transcript } from './cli/transcript.ts'
import { type CaseResult, outcomeOf } from './result.ts'

const packageRoot = repositoryRoot

/**
 * How the commands of a script are run: in this process, with the recorded doubles, or by the built
 * program.
 */
export type Runner = (call: Call, stage: Stage) => Promise<Answer>

/** Replays every `<case>.yaml` of a folder, or those named. */
export async function replay(
  folder: string,
  { runner = inProcess, only }: { readonly runner?: Runner; readonly only?: readonly string[] } = {},
): Promise<CaseResult[]> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .filter((name) => only === undefined || only.includes(name))
  const results: CaseResult[] = []
  for (const name of names.sort()) {
    results.push(await outcomeOf('cli', name, () => replayOne(readTranscript(join(folder, `${name}.yaml`)), runner)))
  }
  return results
}

async function replayOne(transcript: Transcript, runner: Runner): Promise<string | undefined> {
  const stage = new Stage(transcript)
  try {
    await stage.fill(transcript.environments)
    const scratch = join(stage.folder, 'scratch')
    mkdirSync(scratch)
    const { out, err, status } = await playScript(transcript.script, {
      program: transcript.parent ?? 'esc',
      cwd: stage.work,
      scratch,
      variables: stage.variables,
      answer: async (call) => {
        if (call.words[1] === 'schedule' && call.words[2] === 'history') await stage.addRecordedRun(call.words)
        const answer = await runner(call, stage)
        return {
          status: answer.status,
          out: await asRecorded(String(answer.out), call.words, stage),
          err: await asRecorded(String(answer.err), call.words, stage),
        }
      },
    })
    return differences(transcript, { out, err }, status)
  } finally {
    stage.remove()
  }
}

/** Runs a command in this process, with the providers, clock and names of the recorded sessions. */
export const inProcess: Runner = async ({ words, cwd, input }, stage) => {
  const out: Uint8Array[] = []
  const err: Uint8Array[] = []
  let rest = Buffer.from(input).toString()
  const status = await main(words, packageRoot, {
    env: stage.variables,
    cwd,
    stdinIsTerminal: false,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    columns: undefined,
    sharesStreams: false,
    out: (text) => out.push(Buffer.from(text as string)),
    err: (text) => err.push(Buffer.from(text as string)),
    readStdin: async () => input,
    readLine: async () => {
      if (rest === '') return undefined
      const [line, ...others] = rest.split('\n')
      rest = others.join('\n')
      return line
    },
    now: () => now,
    onInterrupt: () => () => {},
    exit: (code) => {
      throw new Error(`exit ${code}`)
    },
    provider,
    random: counting(),
    postWebhook: answeringWebhook,
  })
  return { status, out: Buffer.concat(out), err: Buffer.concat(err) }
}

/** Runs a command with the built program, which has no doubles. */
export const built: Runner = ({ words, cwd, input }, stage) =>
  new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(packageRoot, 'bin', 'run.cjs'), ...words], {
      cwd,
      env: { ...stage.variables },
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk) => out.push(chunk))
    child.stderr.on('data', (chunk) => err.push(chunk))
    child.on('error', fail)
    child.on('close', (code) => done({ status: code ?? 128, out: Buffer.concat(out), err: Buffer.concat(err) }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })

function differences({ fails, expected }: Transcript, actual: Output, status: number): string | undefined {
  const found: string[] = []
  if (fails !== (status !== 0)) found.push(`the script ended with ${status}, and must ${fails ? '' : 'not '}fail`)
  for (const part of ['out', 'err'] as const) {
    if (expected[part] === actual[part]) continue
    const [was, is] = [expected[part].split('\n'), actual[part].split('\n')]
    const at = was.findIndex((line, index) => line !== is[index])
    const line = at === -1 ? was.length : at
    const shown = (lines: readonly string[]) => lines.slice(line, line + 6).map((each) => JSON.stringify(each))
    found.push(
      `standard ${part === 'out' ? 'output' : 'error'} differs at line ${line + 1}`,
      ...shown(was).map((each) => `  expected ${each}`),
      ...shown(is).map((each) => `  actual   ${each}`),
    )
  }
  return found.length === 0 ? undefined : found.join('\n')
}
