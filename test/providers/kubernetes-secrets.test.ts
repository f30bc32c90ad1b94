import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'
import { clusterAccess } from '../../src/operations/session/cluster-access.ts'
import { present } from '../../src/present.ts'
import type { MachineAccess, ProviderContext } from '../../src/providers/index.ts'
import { type KubernetesSecretsInputs, kubernetesSecretsProvider } from '../../src/providers/kubernetes-secrets.ts'
import { type Secret, secret } from '../../src/secret.ts'
import { KubernetesApi } from '../fakes/kubernetes.ts'
import { Authority } from '../servers/authority.ts'
import { findBinary, skipWithout } from '../servers/binary.ts'
import type { Certificate } from '../servers/certificate.ts'
import { VendorServer } from './vendor-server.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const get = { password: { name: 'db', key: 'password' } }

describe('kubernetes-secrets', function () {
  this.timeout(30_000)
  let authority: Authority
  let server: VendorServer
  let client: Certificate
  let served: Certificate
  let api: KubernetesApi
  let folder: string
  let env: Record<string, string | undefined>
  let showsCertificate: boolean
  before(function () {
    const made = Authority.create()
    if (made === undefined) return skipWithout(this, ['openssl'], 'openssl')
    authority = made
    client = authority.issue({ name: 'reader' })
    served = authority.issue({ name: 'kubernetes', names: 'IP:127.0.0.1' })
  })
  after(() => authority?.remove())
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-kube-'))
    env = { PATH: process.env.PATH, HOME: folder }
    const { key, certificate: cert } = served
    const tls = { key, cert, ca: authority.certificate, requestCert: true, rejectUnauthorized: false }
    server = await new VendorServer(tls).start()
    api = new KubernetesApi().keep('shop', 'db', { user: 'shop', password: 'swordfish', blob: Buffer.from([255, 0]) })
    showsCertificate = false
    server.answering = (request) =>
      api.answer(request, { isKnown: (showsCertificate && request.isKnownClient) ?? false })
  })
  afterEach(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  const warnings: string[] = []
  const context = (privateHosts = ['127.0.0.1']): ProviderContext => {
    const signal = new AbortController().signal
    const read = (path: string) => readFileSync(path, 'utf8')
    const cluster: MachineAccess['cluster'] = async (source) => clusterAccess(source, { env, signal, read })
    return {
      now: () => new Date(),
      signal,
      env,
      network: async () => ({ privateHosts }),
      warn: (text) => void warnings.push(text),
      sleep: async () => {},
      machine: async () => ({ cluster }) as MachineAccess,
    }
  }
  const open = async (
    login: KubernetesSecretsInputs['login'],
    entries: KubernetesSecretsInputs['get'] = get,
    privateHosts?: string[],
  ) => {
    const values = await kubernetesSecretsProvider().open({ login, get: entries }, context(privateHosts))
    return Object.fromEntries(
      Object.entries(values as Record<string, Secret>).map(([key, each]) => [key, each.reveal()]),
    )
  }
  const refusal = async (...of: Parameters<typeof open>) => {
    const error = await open(...of).then(
      () => expect.fail('it opened'),
      (caught: EscError) => caught,
    )
    return `${error.message} | ${error.hint}`
  }
  /** A kubeconfig with one user, as text; JSON is YAML. */
  const kubeconfig = (user: object, cluster: object = {}) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'dev',
      contexts: [{ name: 'dev', context: { cluster: 'here', user: 'reader', namespace: 'shop' } }],
      clusters: [
        {
          name: 'here',
          cluster: { server: server.url, 'certificate-authority-data': base64(authority.certificate), ...cluster },
        },
      ],
      users: [{ name: 'reader', user }],
    })
  const inFile = (text: string): string => {
    const file = join(folder, 'config')
    writeFileSync(file, text)
    return file
  }
  const token = () => ({ token: api.token })

  it('reads with a token, and trusts the authority of the cluster alone', async () => {
    const given = { server: server.url, token: secret(api.token) }
    const trusting = { ...given, certificateAuthority: authority.certificate }
    expect(await open(trusting, { x: { name: 'db', namespace: 'shop', key: 'password' } })).to.deep.equal({
      x: 'swordfish',
    })
    expect(await refusal(given)).to.match(/\((?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)\)/)
    const other = Authority.create()
    expect(await refusal({ ...given, certificateAuthority: present(other).certificate })).to.match(
      /UNABLE_TO_VERIFY|SELF_SIGNED/,
    )
    other?.remove()
    expect(server.requests).to.have.length(1)
  })

  it('asks once for a secret of which several keys are read, and gives bytes in base64 with a warning', async () => {
    warnings.length = 0
    const login = { kubeconfig: secret(kubeconfig(token())) }
    const all = await open(login, {
      a: { name: 'db', key: 'user' },
      b: { name: 'db', key: 'password' },
      all: { name: 'db' },
    })
    expect(all).to.deep.equal({ a: 'shop', b: 'swordfish', all: { user: 'shop', password: 'swordfish', blob: '/wA=' } })
    expect(server.requests).to.have.length(1)
    expect(warnings).to.deep.equal(['kubernetes-secrets: `get.all`: blob is binary, so it is given in base64'])
    const missing = await refusal(login, { a: { name: 'none', key: 'user' }, b: { name: 'none', key: 'password' } })
    expect(missing).to.match(
      /^kubernetes-secrets: `get\.a`, `get\.b`: reading secret none .* failed: NotFound: [^;]*\|/,
    )
    expect(await refusal(login, { x: { name: 'db', key: 'pasword' } })).to.match(
      /no key "pasword" \| there are user, password, blob/,
    )
  })

  it('logs in with a client certificate', async () => {
    showsCertificate = true
    const { certificate, key } = client
    const parts = {
      certificateAuthority: authority.certificate,
      clientCertificate: certificate,
      clientKey: secret(key),
    }
    const entries = { x: { name: 'db', namespace: 'shop', key: 'user' } }
    expect(await open({ server: server.url, ...parts }, entries)).to.deep.equal({ x: 'shop' })
    const user = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) }
    expect(await open({ kubeconfig: secret(kubeconfig(user)) })).to.deep.equal({ password: 'swordfish' })
    writeFileSync(join(folder, 'reader.crt'), certificate)
    writeFileSync(join(folder, 'reader.key'), key)
    const files = { 'client-certificate': 'reader.crt', 'client-key': join(folder, 'reader.key') }
    expect(await open({ from: inFile(kubeconfig(files)) })).to.deep.equal({ password: 'swordfish' })
    showsCertificate = false
    expect(await refusal({ from: inFile(kubeconfig(files)) })).to.match(/failed: Unauthorized/)
  })

  it('calls a host that only a definition names where it may be called, and one of the user’s kubeconfig anyway', async () => {
    const text = kubeconfig(token())
    expect(await refusal({ kubeconfig: secret(text) }, get, [])).to.match(/127\.0\.0\.1 is not a public one/)
    expect(await open({ from: inFile(text) }, get, [])).to.deep.equal({ password: 'swordfish' })
  })

  it('runs the program of a kubeconfig of this machine for a token, without keys of esc', async () => {
    const said = (status: object) =>
      JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status })
    writeFileSync(
      join(folder, 'log-in'),
      `#!/bin/sh\n[ "$1" = get-token ] && [ "$REGION" = eu ] && [ -z "$ESC_PASSPHRASE" ] || exit 3\ncase "$KUBERNETES_EXEC_INFO" in *certificate-authority-data*) echo '${said(token())}';; *) exit 4;; esac\n`,
    )
    chmodSync(join(folder, 'log-in'), 0o755)
    env.ESC_PASSPHRASE = 'mine'
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './log-in',
      args: ['get-token'],
      env: [{ name: 'REGION', value: 'eu' }],
      provideClusterInfo: true,
      interactiveMode: 'IfAvailable',
    }
    expect(await open({ from: inFile(kubeconfig({ exec })) })).to.deep.equal({ password: 'swordfish' })
    for (const [change, says] of [
      [{ args: [] }, /\.\/log-in failed with exit code 3 \|.*run it by hand/],
      [{ command: 'no-such-program' }, /no-such-program is not installed/],
      [{ command: 'echo', args: ['swordfish'] }, /echo printed no JSON/],
      [{ command: 'echo', args: [said({})] }, /printed no credential/],
      [{ apiVersion: 'client.authentication.k8s.io/v1alpha1' }, /version "client.authentication.k8s.io\/v1alpha1"/],
      [{ interactiveMode: 'Always' }, /somebody must type/],
    ] as const) {
      const refused = await refusal({ from: inFile(kubeconfig({ exec: { ...exec, ...change } })) })
      expect(refused).to.match(says).and.not.include('swordfish')
    }
    const inDefinition = await refusal({ kubeconfig: secret(kubeconfig({ exec })) })
    expect(inDefinition).to.match(/a definition may run none here \| give a `token` beside it/)
    const beside = { kubeconfig: secret(kubeconfig({ exec })), token: secret(api.token) }
    expect(await open(beside)).to.deep.equal({ password: 'swordfish' })
  })

  it('takes a kubeconfig neither from the store nor from a repository', async () => {
    expect(await refusal({ from: 'config' })).to.match(/is not an absolute path/)
    const repository = join(folder, 'repository')
    mkdirSync(repository)
    const file = join(repository, 'config')
    writeFileSync(file, kubeconfig(token()))
    execFileSync('git', ['init', '-q'], { cwd: repository })
    expect(await open({ from: file })).to.deep.equal({ password: 'swordfish' })
    execFileSync('git', ['add', 'config'], { cwd: repository })
    expect(await refusal({ from: file })).to.match(/is a file of a git repository \| give the text/)
  })

  it('logs in as the service account of the pod', async () => {
    const { hostname, port } = new URL(server.url)
    const account: Record<string, string> = {
      token: `${api.token}\n`,
      'ca.crt': authority.certificate,
      namespace: 'shop',
    }
    const read = (path: string) =>
      account[/^\/var\/run\/secrets\/kubernetes\.io\/serviceaccount\/(.+)$/.exec(path)?.[1] ?? ''] ?? ''
    const machine = async () =>
      ({ cluster: async () => ({ kubeconfig: '', read, run: async () => '' }) }) as unknown as MachineAccess
    const there = { ...context([]), machine }
    const inputs = { login: { from: 'in-cluster' }, get }
    const pod = { ...there, env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port } }
    const values = (await kubernetesSecretsProvider().open(inputs, pod)) as Record<string, Secret>
    expect(values.password?.reveal()).to.equal('swordfish')
    expect(await refusal({ from: 'in-cluster' })).to.match(/does not run in a pod/)
  })

  it('refuses what would change who logs in, or where, and quotes no credential', async () => {
    for (const [user, cluster, says] of [
      [{ ...token(), as: 'admin' }, {}, /has `as` \| esc acts for nobody else/],
      [{ 'auth-provider': { name: 'gcp' } }, {}, /has `auth-provider`/],
      [token(), { 'insecure-skip-tls-verify': true }, /cannot verify/],
      [token(), { 'proxy-url': 'http://proxy' }, /has `proxy-url`/],
      [token(), { server: 'http://cluster.example.org' }, /not the address of a site/],
      [token(), { 'certificate-authority-data': '%' }, /not base64/],
      [{ tokenFile: '/etc/passwd' }, {}, /names a file \(`tokenFile`\), and a definition may read none/],
      [{ 'client-certificate-data': base64('x') }, {}, /without the other/],
      [{}, {}, /has no credentials/],
    ] as const) {
      const refused = await refusal({ kubeconfig: secret(kubeconfig(user, cluster)) })
      expect(refused).to.match(says).and.not.include(api.token)
    }
    const there = { kubeconfig: secret(kubeconfig(token())) }
    expect(await refusal({ ...there, context: 'prod' })).to.match(/has no context "prod" \| it has dev/)
    expect(await refusal({ kubeconfig: secret(`token: "${api.token}\n  x: [`) })).to.not.include(api.token)
    expect(server.requests).to.deep.equal([])
  })

  it('reads the same as kubectl, from the same kubeconfig', async function () {
    const kubectl = findBinary('kubectl')
    if (kubectl === undefined) return skipWithout(this, ['kubectl'], 'kubernetes-client')
    const from = inFile(kubeconfig(token()))
    const words = ['--kubeconfig', from, '--cache-dir', join(folder, 'cache'), 'get', 'secret', 'db', '-o', 'json']
    const { stdout } = await promisify(execFile)(kubectl, words, { env: { PATH: process.env.PATH, HOME: folder } })
    const { data } = JSON.parse(stdout) as { readonly data: Record<string, string> }
    const { all } = await open({ from }, { all: { name: 'db' } })
    expect(all).to.deep.include({ user: 'shop', password: Buffer.from(data.password ?? '', 'base64').toString() })
  })
})
