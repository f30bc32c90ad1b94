import type { VendorAnswer, VendorRequest } from '../providers/provider-under-test.ts'

type Data = Readonly<Record<string, string | Uint8Array>>

/**
 * The part of the API of a cluster that secrets are read by, and what kubectl asks before. It lets
 * in whoever has `token`, or whom the test says is let in.
 */
export class KubernetesApi {
  readonly #secrets = new Map<string, Data>()
  token = 'token-of-reader'
  /** Namespaces that the reader has a role in. Default: all. */
  namespaces: readonly string[] | undefined

  keep(namespace: string, name: string, data: Data): this {
    this.#secrets.set(`${namespace}/${name}`, data)
    return this
  }

  answer(request: VendorRequest, { isKnown = false }: { readonly isKnown?: boolean } = {}): VendorAnswer {
    const { method, path, headers } = request
    if (!isKnown && headers.authorization !== `Bearer ${this.token}`) return status(401, 'Unauthorized', 'Unauthorized')
    if (method !== 'GET') return status(405, 'MethodNotAllowed', 'the server does not allow this method')
    const discovery = discoveries[path]
    if (discovery !== undefined) return { status: 200, headers: json, body: discovery }
    const [, namespace = '', name = ''] = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([^/]+)$/.exec(path) ?? []
    if (name === '') return status(404, 'NotFound', 'the server could not find the requested resource')
    if (this.namespaces?.includes(namespace) === false) {
      const what = `secrets "${name}" is forbidden: User "reader" cannot get resource "secrets" in API group "" in the namespace "${namespace}"`
      return status(403, 'Forbidden', what)
    }
    const data = this.#secrets.get(`${namespace}/${name}`)
    if (data === undefined) return status(404, 'NotFound', `secrets "${name}" not found`)
    const metadata = {
      name,
      namespace,
      uid: '6a2c3c2e',
      resourceVersion: '17',
      creationTimestamp: '2026-03-04T05:06:07Z',
    }
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
    const body = { kind: 'Secret', apiVersion: 'v1', metadata, data: Object.fromEntries(encoded), type: 'Opaque' }
    return { status: 200, headers: json, body }
  }
}

const json = { 'content-type': 'application/json' }

const secretResource = {
  name: 'secrets',
  singularName: 'secret',
  namespaced: true,
  kind: 'Secret',
  verbs: ['get', 'list'],
}

const discoveries: Readonly<Record<string, object>> = {
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources: [secretResource] },
}

/** An error as the API has them. */
export function status(code: number, reason: string, message: string): VendorAnswer {
  return {
    status: code,
    headers: json,
    body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code },
  }
}
