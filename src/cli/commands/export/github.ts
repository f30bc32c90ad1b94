import { appendFileSync } from 'node:fs'
import { EscError, messageOf } from '../../../errors.ts'
import { exportedVariables, githubLines, githubMasks, requireVariableTexts } from '../../../operations/index.ts'
import { ExportCommand, type Exported, FILES_FLAG } from '../../framework/export-command.ts'
import { choice } from '../../framework/flags.ts'
import { ALLOW_VARIABLE_FLAG } from '../../framework/shared-flags.ts'

const flags = {
  to: choice({
    description: 'set variables of later steps (env), outputs of this step (output), or both',
    options: ['env', 'output', 'both'],
    default: 'env',
    refuse: (word) => `invalid --to ${JSON.stringify(word)}: must be "env", "output" or "both"`,
  }),
  ...FILES_FLAG,
  ...ALLOW_VARIABLE_FLAG,
}

/** The variables of the runner that name its files. */
const FILES = {
  env: ['GITHUB_ENV'],
  output: ['GITHUB_OUTPUT'],
  both: ['GITHUB_ENV', 'GITHUB_OUTPUT'],
} as const

export default class ExportGithub extends ExportCommand<typeof flags> {
  static override id = 'export:github'
  static override summary = 'Set the variables of an environment in a job of GitHub Actions.'
  static override description =
    `For a step of GitHub Actions. Opens the environment, masks its secrets in the log, line by line (::add-mask::), and appends its
environmentVariables to the file of GITHUB_ENV, so that later steps have them. Files are written to RUNNER_TEMP, unless
--files-in names another folder.`
  static override examples = [
    { description: 'In a step of a job', command: 'esc export github app/dev' },
    { description: 'As outputs of the step', command: 'esc export github app/dev --to output' },
  ]
  static override flags = flags

  protected override async render(): Promise<string> {
    const target = await this.openVariables()
    await this.checkVariables(target)
    const { values } = target
    requireVariableTexts(values, 'GitHub', { redact: false })
    const names = FILES[this.flags.to]
    const runnerFiles = names.map((name) => ({ name, path: this.io.env[name] || missing(name) }))
    const masks = githubMasks(
      ['environmentVariables', 'files'].flatMap((each) => exportedVariables(values, each as 'files')),
    )
    const folder = this.flags['files-in'] ?? this.io.env.RUNNER_TEMP
    // Before anything has a value that the log could show.
    this.withFiles(values, folder, (variables) => {
      const texts = runnerFiles.map(({ name, path }) => ({ path, text: githubLines(variables, name, this.io.random) }))
      this.io.out(masks)
      for (const { path, text } of texts) append(path, text)
      return ''
    })
    return ''
  }

  override text(_result: Exported): string {
    return `Set the variables in ${FILES[this.flags.to].join(' and ')}.\n`
  }
}

function append(path: string, text: string): void {
  try {
    appendFileSync(path, text, { mode: 0o600 })
  } catch (error) {
    throw new EscError('io', `cannot write ${path}: ${messageOf(error)}`, { cause: error })
  }
}

function missing(name: string): never {
  throw new EscError('invalid_input', `${name} is not set: this is not a step of GitHub Actions`, {
    hint: 'run it in a step of a job',
  })
}
