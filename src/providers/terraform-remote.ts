import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { Plain, PlainObject } from '../plain.ts'
import { type Secret, secret } from '../secret.ts'
import { readEntries } from './entries.ts'
import type { ProviderContext } from './provider.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

const provider = 'terraform-state'
const usualHost = 'app.terraform.io'
/** Far more outputs than a workspace has. */
const mostPages = 100

interface Workspace {
  readonly organization: string
  readonly workspace: string
  readonly token: Secret<string>
  readonly hostname?: string
}

/**
 * The outputs of the newest state of a workspace of HCP Terraform, or of what speaks as it. Asks
 * for outputs alone, so that the token need not be allowed to read whole states.
 * https://developer.hashicorp.com/terraform/cloud-docs/api-docs/state-version-outputs
 */
export async function readRemoteOutputs(
  { organization, workspace, token, hostname = usualHost }: Workspace,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<PlainObject> {
  if (!/^[A-Za-z0-9.-]+(:\d+)?$/.test(hostname)) {
    throw new EscError(
      'invalid_input',
      `${provider}: \`hostname\` ${JSON.stringify(hostname)} is not the name of a host`,
      {
        hint: 'write it without https://, such as terraform.example.org',
      },
    )
  }
  const doing = `reading the outputs of ${organization}/${workspace} at ${hostname}`
  const get = async (path: string) => {
    const url = `https://${hostname}/api/v2/${path}`
    const headers = { authorization: `Bearer ${token.reveal()}`, accept: 'application/vnd.api+json' }
    const named = hostname === usualHost ? {} : { named: true as const }
    const call = { provider, doing, url, headers, hidden: [token.reveal()], readFault, hints, ...named }
    return (await callVendor(call, network, context)).json
  }
  const names = [organization, workspace].map(encodeURIComponent)
  const id = textIn(memberOf(await get(`organizations/${names[0]}/workspaces/${names[1]}`), 'data'), 'id')
  if (id === undefined) throw malformedAnswer(provider, doing)
  const outputs: Record<string, { readonly id: string; readonly sensitive: boolean; readonly value: Plain }> = {}
  for (let page = 1, last = 1; page <= last && page <= mostPages; page++) {
    const path = `workspaces/${encodeURIComponent(id)}/current-state-version-outputs?page%5Bnumber%5D=${page}&page%5Bsize%5D=100`
    const answer = await get(path)
    const data = memberOf(answer, 'data')
    if (!Array.isArray(data)) throw malformedAnswer(provider, doing)
    for (const each of data) {
      const attributes = memberOf(each, 'attributes')
      const [output, name] = [textIn(each, 'id'), textIn(attributes, 'name')]
      if (output === undefined || name === undefined) throw malformedAnswer(provider, doing)
      const value = (memberOf(attributes, 'value') ?? null) as Plain
      outputs[name] = { id: output, sensitive: memberOf(attributes, 'sensitive') === true, value }
    }
    const pages = memberOf(memberOf(memberOf(answer, 'meta'), 'pagination'), 'total-pages')
    last = typeof pages === 'number' ? pages : 1
  }
  // The list leaves the values of sensitive ones out.
  return readEntries(outputs, async ({ id: output, sensitive, value }) => {
    if (!sensitive) return value
    const answer = await get(`state-version-outputs/${encodeURIComponent(output)}`)
    return secret((memberOf(memberOf(memberOf(answer, 'data'), 'attributes'), 'value') ?? null) as Plain)
  })
}

const hints: Readonly<Record<string, string>> = {
  'HTTP 401': 'the token is wrong or has expired',
  'HTTP 403': 'the token must be allowed to read the outputs of the workspace',
  'HTTP 404': 'check organization and workspace, whether anything has been applied, and what the token may see',
}

function readFault({ status, json }: HttpAnswer): VendorFault | undefined {
  const errors = memberOf(json, 'errors')
  if (!Array.isArray(errors)) return undefined
  const said = errors.map((each) => textIn(each, 'detail') ?? textIn(each, 'title') ?? String(each))
  return { code: `HTTP ${status}`, text: said.join('; ') }
}
