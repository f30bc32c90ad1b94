import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { EscError, messageOf } from '../errors.ts'
import { machineFiles, smallText } from '../files/index.ts'
import { longestState } from './object-stores.ts'
import type { ProviderContext, Variables } from './provider.ts'
import { checkpointNames, isOfProject, noSuchStack, type PulumiBackend } from './pulumi-checkpoint.ts'
import { pulumiObjects } from './pulumi-objects.ts'
import { pulumiService } from './pulumi-service.ts'
import { memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

/**
 * The backend that the user is logged in to: `PULUMI_BACKEND_URL`, else the one of `pulumi login`,
 * else the hosted service where `PULUMI_ACCESS_TOKEN` is set. A definition cannot choose it.
 *
 * @throws EscError `provider_failed` without one; `invalid_input` for one that is not known.
 */
export async function pulumiBackend(network: ProviderNetwork, context: ProviderContext): Promise<PulumiBackend> {
  const env = context.env ?? {}
  const credentials = readCredentials(env)
  const url =
    env.PULUMI_BACKEND_URL ||
    textIn(credentials, 'current') ||
    (env.PULUMI_ACCESS_TOKEN && (env.PULUMI_API || 'https://api.pulumi.com'))
  if (!url) {
    throw new EscError('provider_failed', 'pulumi-stacks: you are not logged in to a backend of Pulumi', {
      hint: 'set PULUMI_BACKEND_URL or PULUMI_ACCESS_TOKEN, or run "pulumi login"',
    })
  }
  if (url.startsWith('https://')) {
    const token = env.PULUMI_ACCESS_TOKEN || textIn(memberOf(credentials, 'accessTokens'), url)
    return pulumiService({ url: url.replace(/\/+$/, ''), token, organization: env.PULUMI_ORG }, network, context)
  }
  if (url.startsWith('file://')) return fileBackend(url.slice('file://'.length), env)
  return pulumiObjects(url, network, context)
}

function readCredentials(env: Variables): unknown {
  const home = env.HOME || env.USERPROFILE
  const folder = env.PULUMI_HOME || (home && join(home, '.pulumi'))
  try {
    return folder ? JSON.parse(smallText(join(folder, 'credentials.json')) ?? 'null') : undefined
  } catch {
    return undefined
  }
}

function fileBackend(path: string, env: Variables): PulumiBackend {
  const folder = path === '~' || path.startsWith('~/') ? join(env.HOME || '', path.slice(1)) : path
  return {
    async read(stack) {
      for (const name of checkpointNames(stack)) {
        for (const ending of ['', '.gz']) {
          const document = readCheckpoint(join(folder, '.pulumi', 'stacks', `${name}${ending}`))
          if (document !== undefined && isOfProject(document, stack)) return document
        }
      }
      throw noSuchStack(stack, `file://${path}`)
    },
  }
}

function readCheckpoint(file: string): unknown {
  const status = machineFiles.stat(file)
  if (status?.kind !== 'file') return undefined
  const failed = (problem: string) => new EscError('provider_failed', `pulumi-stacks: ${file} ${problem}`)
  if (status.size > longestState) throw failed('is too large')
  try {
    const bytes = machineFiles.readFile(file)
    const text = file.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: longestState }) : bytes
    return JSON.parse(Buffer.from(text).toString())
  } catch (error) {
    throw failed(`cannot be read: ${error instanceof SyntaxError ? 'it is not JSON' : messageOf(error)}`)
  }
}
