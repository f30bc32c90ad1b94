import { childEnvironment } from '../../child-environment.ts'
import { EscError } from '../../errors.ts'
import {
  checkVariables,
  createFiles,
  findProgram,
  hiddenTexts,
  interpolateArgument,
  requireKnown,
  unknownVariables,
  variablesOf,
} from '../../operations/index.ts'
import { commandPattern } from '../command-pattern.ts'
import { runRedacted } from '../run-redacted.ts'
import { PublicText } from '../shown-texts.ts'
import { type AgentSettings, environmentText, tool } from '../tool.ts'
import { openedBy } from './opened.ts'

const DEFAULT_SECONDS = 120
const MOST_SECONDS = 3600

export const runCommandTool = tool({
  name: 'run_command',
  title: 'Run a command',
  description:
    'Runs a command with the variables and files of an environment, without a shell. ${path} in an argument is replaced by the value there, so a secret can be used without being seen. Secrets in the output show as [secret]. Only commands that this server was started for are run.',
  input: (z) =>
    z.strictObject({
      environment: environmentText(z),
      command: z.array(z.string()).min(1).describe('the program and its arguments, such as ["npm", "test"]'),
      input: z.string().default('').describe('what the command reads from standard input'),
      timeout_seconds: z
        .int()
        .min(1)
        .max(MOST_SECONDS)
        .default(DEFAULT_SECONDS)
        .describe('the command is ended after so many seconds'),
    }),
  annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
  level: 'open',
  recorded: ({ command: [program = ''] }) => ({ program }),
  async run(call, { environment, command, input, timeout_seconds: seconds }) {
    const { session, settings, shown, signal } = call
    refuseCommand(settings, command)
    const reference = call.reference(environment)
    const file = programOf(settings, command[0] ?? '')
    const opened = await openedBy(call, reference)
    const { properties, revision } = opened
    await session.perform(checkVariables, reference, { properties, allowed: [], inShell: false })
    const secrets = hiddenTexts(properties, settings.env)
    const [name = '', ...args] = command
    const filled = args.map((argument) => interpolateArgument(properties, argument, secrets))
    shown.hide(secrets)
    const [notText] = filled.flatMap((each) => each.notText)
    if (notText !== undefined) {
      throw new EscError('not_text', `${environment}: ${notText} holds bytes that are not UTF-8`, {
        hint: 'put the value below files, or use fn::toBase64',
      })
    }
    const paths = [...unknownVariables(properties), ...filled.flatMap(({ unknown }) => unknown)]
    await session.perform(requireKnown, reference, { used: opened.used, paths, allow: false })
    const files = createFiles(properties, { ...settings.temporary, ours: true })
    try {
      const add: Record<string, string> = Object.create(null)
      add.ESC_ENVIRONMENT = reference.name
      add.ESC_REVISION = String(revision)
      const variables = variablesOf(properties, 'environmentVariables', { redact: false })
      for (const { name: variable, value } of [...variables, ...files.variables]) add[variable] = value
      const result = await runRedacted({
        file,
        words: [name, ...filled.map(({ text }) => text)],
        cwd: settings.cwd,
        env: childEnvironment(settings.env, { add }),
        secrets: [...secrets, ...shown.secrets],
        input,
        timeoutMs: seconds * 1000,
        signal,
      })
      return {
        exit_code: result.exitCode ?? null,
        ...(result.signal && { signal: result.signal }),
        ...(result.timedOut && { timed_out: `ended after ${seconds} s` }),
        stdout: new PublicText(result.stdout),
        stderr: new PublicText(result.stderr),
      }
    } finally {
      files.remove()
    }
  },
})

/** @throws EscError `forbidden` for a command that the server was not started for. */
function refuseCommand({ commands }: AgentSettings, words: readonly string[]): void {
  if (commands.some((pattern) => commandPattern(pattern)(words))) return
  throw new EscError('forbidden', `this server may not run ${JSON.stringify(words)}`, {
    hint: `it may run: ${commands.join('; ')}`,
  })
}

/** The program is looked for where the server would find it: the environment has no say in it. */
function programOf({ env, cwd }: AgentSettings, name: string): string {
  const file = findProgram(name, env.PATH, cwd)
  if (file !== undefined) return file
  throw new EscError('not_found', `${JSON.stringify(name)} is in no folder of PATH`, { hint: 'name another program' })
}
