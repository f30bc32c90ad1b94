import manifest from '../../../../package.json' with { type: 'json' }
import { EscError } from '../../../errors.ts'
import {
  type ImportOutcome,
  type ImportReport,
  importEnvironments,
  keptToken,
  serverUrl,
} from '../../../operations/index.ts'
import { readAccessToken, TOKEN_FLAG } from '../../framework/access-token.ts'
import { COMMIT_FLAG, EscCommand, GLOBAL_FLAGS, OUTPUT_FLAG } from '../../framework/command.ts'
import { boolean, text } from '../../framework/flags.ts'
import { EXIT } from '../../framework/report-error.ts'
import { openSession } from '../../framework/session.ts'
import { worded } from '../../terminal/index.ts'

const pulumiCloud = 'https://api.pulumi.com'

const flags = {
  url: text({ description: `URL of the server (default: ${pulumiCloud})`, value: 'url' }),
  organization: text({ description: 'organization there (default: that of the token)', char: 'o', value: 'name' }),
  all: boolean({ description: 'every environment that the token can see' }),
  'no-history': boolean({ description: 'the newest revision of each environment alone' }),
  'dry-run': boolean({ description: 'show what would be imported; no secret is read' }),
  'allow-http': boolean({ description: 'send the token without encryption, over a network that you trust' }),
  ...TOKEN_FLAG,
  ...OUTPUT_FLAG,
}

export default class ImportEscCloud extends EscCommand<ImportReport, typeof flags> {
  static override id = 'import:esc-cloud'
  static override busy = 'importing'
  static override summary = 'Import environments from Pulumi Cloud or another ESC server.'
  static override description =
    `Copies environments with their revisions, tags and revision tags into this store. Secrets are decrypted by the server and encrypted with
keys of this store before anything is written. Each environment is imported whole or not at all. After a failure, run the same command again:
it imports the rest. If an environment of the same name exists here, nothing is imported.

Schedules and webhooks are listed, and not imported. Before you rotate a credential here, stop its rotation on the server.

The access token comes from --token-file, else from the login to that server, else from PULUMI_ACCESS_TOKEN, else it is asked for.`
  static override examples = [
    {
      description: 'See what would be imported',
      command: 'esc import esc-cloud --organization acme --all --dry-run',
    },
    { description: 'Import two environments', command: 'esc import esc-cloud -o acme app/base app/dev' },
    {
      description: 'Import everything from a server of your own',
      command: 'esc import esc-cloud --url https://esc.example.com --all --token-file token.txt',
    },
  ]
  static override baseFlags = { ...GLOBAL_FLAGS, ...COMMIT_FLAG }
  static override flags = flags
  static override args = { environments: { description: 'environments to import: project/name', multiple: true } }
  static override count = { kind: 'any' } as const

  async run(): Promise<ImportReport> {
    const {
      all,
      organization,
      url: typed = pulumiCloud,
      'token-file': file,
      'no-history': noHistory,
      'dry-run': dryRun,
    } = this.flags
    const named = this.positionals
    if (all === named.length > 0) {
      throw new EscError('usage', all ? 'name environments, or give --all, not both' : 'no environment was named', {
        hint: 'esc import esc-cloud --all imports every environment that the token can see',
      })
    }
    const url = serverUrl(typed, { allowHttp: this.flags['allow-http'] })
    const stop = new AbortController()
    const ignore = this.io.onInterrupt(() => stop.abort())
    try {
      const session = openSession(this.io, this.flags)
      // The token of Pulumi Cloud is for no other server that the user has logged in to.
      const kept = keptToken(this.io.env, url)
      const variables = kept === undefined ? ['PULUMI_ACCESS_TOKEN'] : []
      const token = await readAccessToken(this.io, { file, variables, kept, url })
      const source = { url, token, userAgent: `gitesc/${manifest.version}`, organization: organization || undefined }
      const request = { source, environments: all ? undefined : named, history: !noHistory, dryRun }
      const { result } = await session.perform(importEnvironments, undefined, request, { signal: stop.signal })
      return result
    } finally {
      ignore()
    }
  }

  text({ url, organization, environments, missing }: ImportReport): string {
    const lines = environments.flatMap(linesOf)
    const count = (kind: ImportOutcome['kind']) => environments.filter((each) => each.kind === kind).length
    const counts = [
      [count('imported'), 'imported'],
      [count('planned'), 'would be imported'],
      [count('already-imported'), 'imported before'],
      [count('failed'), 'failed'],
      [count('not-started'), 'not started'],
    ] as const
    const shown = counts.flatMap(([number, words]) => (number === 0 ? [] : [`${number} ${words}`])).join(', ')
    const again = isWhole(environments) ? [] : ['Run the same command again to import the rest.']
    const notHere = missing.map((name) => `'${name}' is imported by one of these, and is not in this store.`)
    return [...lines, ...notHere, `${url}/${organization}: ${shown || 'no environments'}.`, ...again, ''].join('\n')
  }

  override json({ environments, ...report }: ImportReport): unknown {
    return { ...report, environments: environments.map(jsonOf) }
  }

  override exitCode({ environments }: ImportReport): number {
    return isWhole(environments) ? EXIT.done : EXIT.failed
  }
}

function isWhole(environments: readonly ImportOutcome[]): boolean {
  return environments.every(({ kind }) => kind !== 'failed' && kind !== 'not-started')
}

function linesOf(outcome: ImportOutcome): string[] {
  const { name } = outcome
  switch (outcome.kind) {
    case 'already-imported':
      return [`${name}: imported before`]
    case 'not-started':
      return [`${name}: not started`]
    case 'failed': {
      const { richHint } = outcome.error
      const hint = richHint === undefined ? [] : [`  hint: ${worded(richHint)}`]
      return [`${name}: failed: ${worded(outcome.error.richMessage)}`, ...hint]
    }
    default: {
      const { revisions, retracted, tags, revisionTags, leftOut, rotators, kind } = outcome
      const parts = [
        plural(revisions, 'revision'),
        ...(retracted.length > 0 ? [`${retracted.length} retracted`] : []),
        ...(tags.length > 0 ? [plural(tags.length, 'tag')] : []),
        ...(revisionTags.length > 0 ? [plural(revisionTags.length, 'revision tag')] : []),
        ...(outcome.deletionProtected ? ['protected from deletion'] : []),
      ]
      return [
        `${name}: ${kind === 'planned' ? 'would import' : 'imported'} ${parts.join(', ')}`,
        ...leftOut.map(({ kind: what, what: which, reason }) => `  not imported: ${noun(what)} ${which}: ${reason}`),
        ...(rotators.length > 0
          ? [`  rotated: ${rotators.join(', ')}: stop rotating on the server before you rotate here`]
          : []),
      ]
    }
  }
}

function jsonOf(outcome: ImportOutcome): unknown {
  if (outcome.kind !== 'failed') return outcome
  const { error, ...rest } = outcome
  const { code, message, hint, remedies } = error
  return { ...rest, error: { code, message, ...(hint && { hint }), ...(remedies.length > 0 && { remedies }) } }
}

function noun(kind: string): string {
  return kind.replace('-', ' ')
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
