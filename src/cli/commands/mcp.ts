import manifest from '../../../package.json' with { type: 'json' }
import { EscError } from '../../errors.ts'
import { serveAgents } from '../../mcp/index.ts'
import { COMMIT_FLAG, EscCommand } from '../framework/command.ts'
import { boolean, choice, list } from '../framework/flags.ts'
import { noticeText } from '../framework/notice-text.ts'
import { openSession, temporaryPlace } from '../framework/session.ts'

const flags = {
  environment: list({
    description:
      'only these environments, such as app/* (default: all); what they import must be among them. May be given several times',
    value: 'pattern',
  }),
  level: choice({
    description: 'the most that may be done: read definitions, open environments, or write and rotate',
    options: ['read', 'open', 'write'],
    default: 'open',
  }),
  command: list({
    description: "let the agent run such commands, such as 'npm run *' (default: none). May be given several times",
    value: 'pattern',
  }),
  'allow-reveal': boolean({ description: 'offer a tool that returns secrets in the clear' }),
  ...COMMIT_FLAG,
}

export default class Mcp extends EscCommand<void, typeof flags> {
  static override id = 'mcp'
  static override summary = 'Run a Model Context Protocol server for coding agents.'
  static override description =
    `Serves one client on standard input and output, as a coding agent starts it. The agent can list and check environments, edit them, plan and
start rotations, and run commands with the secrets of an environment. It is not shown secrets: they are [secret] in every answer, and in the
output of commands.

In a pattern of commands each word stands for one word of the command; * within a word stands for any text, and ** at the end for any
further words. A command that can be told to do anything, such as a shell, can also be told to show a secret in a form that is not recognized.

Every call is in the audit log. A rotation begins only after a person has agreed to it, where the client can ask, or with the token of a plan.`
  static override examples = [
    {
      description: 'Let an agent look, and use secrets in tests',
      command: "esc mcp --environment 'app/*' --command 'npm test'",
    },
    { description: 'Let it edit and rotate too', command: "esc mcp --environment 'app/*' --level write" },
  ]
  static override flags = flags

  async run(): Promise<void> {
    const { environment: environments, level, command: commands, 'allow-reveal': allowReveal } = this.flags
    if (level === 'read' && (commands.length > 0 || allowReveal)) {
      throw new EscError(
        'usage',
        `--level read opens nothing, which ${allowReveal ? '--allow-reveal' : '--command'} needs`,
        {
          hint: 'use --level open',
        },
      )
    }
    const empty = commands.find((pattern) => pattern.trim() === '')
    if (empty !== undefined)
      throw new EscError('usage', '--command is an empty pattern', { hint: "name a command, such as 'npm test'" })
    // A store that cannot be found is told at once, not with the first call.
    openSession(this.io, this.flags)
    if (this.io.stdinIsTerminal) {
      this.io.err('This is a server for coding agents, which start it themselves. Press Ctrl-C to end it.\n')
    }
    const stop = new AbortController()
    const end = this.io.onInterrupt(() => stop.abort())
    try {
      await serveAgents({
        cwd: this.io.cwd,
        env: this.io.env,
        commands,
        allowReveal,
        temporary: temporaryPlace(this.io),
        restriction: { level, environments },
        open: (caller, changed) => openSession(this.io, this.flags, changed, caller),
        noticeText,
        now: this.io.now,
        version: manifest.version,
        stop: stop.signal,
      })
    } finally {
      end()
    }
  }

  text(): undefined {}
}
