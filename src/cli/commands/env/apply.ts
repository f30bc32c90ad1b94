import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { EscError } from '../../../errors.ts'
import { type Applied, applyDefinitions, readDefinitions } from '../../../operations/index.ts'
import { EscCommand, GLOBAL_FLAGS, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { boolean, requiredText } from '../../framework/flags.ts'
import { EXIT } from '../../framework/report-error.ts'
import { openSession } from '../../framework/session.ts'
import { diagnosticBlocks, hasColour } from '../../terminal/index.ts'

const flags = {
  file: requiredText({ description: 'the folder of definitions', char: 'f', value: 'folder' }),
  plan: boolean({ description: 'say what would be done; change nothing' }),
  ...OUTPUT_FLAG,
}

const { env: _, ...baseFlags } = { ...WRITE_FLAGS, ...GLOBAL_FLAGS }

export default class EnvApply extends EscCommand<Applied, typeof flags> {
  static override id = 'env:apply'
  static override busy = 'checking the definitions'
  static override summary = 'Create or update environments from a folder of definitions.'
  static override description =
    `Reads <project>/<environment>.yaml from a folder, creates missing environments, and saves every definition that differs as a new
revision. All definitions are checked before any is saved. Environments without a file are not changed. Rotators keep their current
credentials, whatever the file says. Unchanged secrets make no new revision.`
  static override examples = [
    { description: 'See what would change', command: 'esc env apply -f definitions --plan' },
    { description: 'Make it so', command: 'esc env apply -f definitions' },
  ]
  static override baseFlags = baseFlags
  static override flags = flags

  async run(): Promise<Applied> {
    const folder = resolve(this.io.cwd, this.flags.file)
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      throw new EscError('invalid_input', `${this.flags.file} is not a folder`, {
        hint: 'name a folder with files such as app/dev.yaml; for one definition use "esc env edit --file"',
      })
    }
    const session = openSession(this.io, this.flags)
    const request = { wanted: readDefinitions(folder), plan: this.flags.plan }
    const { result: applied } = await session.perform(applyDefinitions, undefined, request)
    for (const { name, text, diagnostics, error } of applied.environments) {
      this.io.err(diagnosticBlocks(diagnostics, { environment: name, text }, hasColour(this.io, 'stderr')))
      if (error !== undefined) this.io.err(`${name}: ${error}\n`)
    }
    return applied
  }

  text({ saved, environments }: Applied): string {
    const lines = environments.map(({ name, status, revision }) => {
      if (!saved) return `${WOULD[status]} ${name}\n`
      return `${status} ${name}${status === 'created' || status === 'updated' ? `, revision ${revision}` : ''}\n`
    })
    return lines.join('')
  }

  override json({ saved, environments }: Applied): unknown {
    return {
      saved,
      environments: environments.map(({ name, status, revision, error }) => ({
        name,
        status,
        revision: revision ?? null,
        error,
      })),
    }
  }

  override exitCode({ environments }: Applied): number {
    return environments.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.done
  }
}

const WOULD = {
  created: 'would create',
  updated: 'would update',
  unchanged: 'unchanged',
  failed: 'has errors',
} as const
