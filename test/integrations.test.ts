import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { parse, parseAllDocuments } from 'yaml'
import { Program } from './end-to-end/program.ts'
import { adapterCertificate, adapterKey } from './fakes/adapter-certificate.ts'
import { RunningServer } from './server/running-server.ts'
import { findBinary } from './servers/binary.ts'
import { pythonWith } from './servers/readers.ts'
import { repositoryRoot } from './sources.ts'

const integrations = join(repositoryRoot, 'integrations')
const read = (name: string) => readFileSync(join(integrations, name), 'utf8')
// biome-ignore lint/suspicious/noExplicitAny: manifests, whose shape the validator knows
type Manifest = any

describe('what integrations/ has to run the server', function () {
  this.timeout(120_000)
  let scratch: string
  let program: Program | undefined
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'esc-integrations-'))
  })
  afterEach(() => {
    rmSync(scratch, { recursive: true, force: true })
    program?.remove()
    program = undefined
  })

  const skipped = (context: Mocha.Context, what: string) => {
    console.log(`      skipped: ${what} is not installed`)
    return context.skip()
  }
  const manifests = () =>
    ['namespace.yaml', 'server.yaml', 'network.yaml']
      .flatMap((name) => parseAllDocuments(read(`kubernetes/${name}`)))
      .map((each): Manifest => each.toJS())
  const statefulSet = () => manifests().find(({ kind }) => kind === 'StatefulSet')

  /** The server of a new store, started with the words of an image or manifest. */
  const start = async (words: readonly string[]) => {
    if (!Program.isBuilt()) return undefined
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    writeFileSync(join(program.folder, 'tls.crt'), adapterCertificate)
    writeFileSync(join(program.folder, 'tls.key'), adapterKey)
    const folder = program.folder
    const here = words.map((word) =>
      word.replace(/^0\.0\.0\.0:\d+$/, '0.0.0.0:0').replace(/^\/tls\/(tls\.\w+)$/, (_, name) => join(folder, name)),
    )
    expect(here.slice(0, 2)).to.deep.equal(['server', 'start'])
    const rest = here.slice(2)
    return RunningServer.start(program, rest, '0.0.0.0:0')
  }
  const isReady = async (server: RunningServer) => {
    const [, port] = await server.says(/metrics at http:\/\/[^:]+:(\d+)/)
    for (const path of ['/healthz', '/readyz', '/metrics'])
      expect((await fetch(`http://127.0.0.1:${port}${path}`)).status, path).to.equal(200)
  }

  it('fits the schemas of Kubernetes, as kustomize puts it together', async function () {
    const [kubectl, python] = [findBinary('kubectl'), pythonWith('kubernetes_validate')]
    if (kubectl === undefined) return skipped(this, 'kubectl')
    if (python === undefined) return skipped(this, 'kubernetes-validate')
    cpSync(join(integrations, 'kubernetes'), scratch, { recursive: true })
    cpSync(join(scratch, 'server.env.example'), join(scratch, 'server.env'))
    const rendered = execFileSync(kubectl, ['kustomize', scratch], { encoding: 'utf8' })
    writeFileSync(join(scratch, 'all.yaml'), rendered)
    const kinds = parseAllDocuments(rendered).map((each): string => (each.toJS() as Manifest).kind)
    expect(kinds.sort()).to.deep.equal(
      ['Namespace', 'NetworkPolicy', 'PodDisruptionBudget', 'Secret', 'Service', 'Service', 'StatefulSet'].sort(),
    )
    // The name of the Secret has a digest, so that a new key rolls the replicas.
    expect(rendered).to.match(/secretRef:\s+name: esc-server-\w{10}/)
    const words = ['-m', 'kubernetes_validate', '--strict', join(scratch, 'all.yaml')]
    await promisify(execFile)(python, words)
    return undefined
  })

  it('refers to what is there: ports, volumes and labels', () => {
    const { template, volumeClaimTemplates } = statefulSet().spec
    const [container] = template.spec.containers
    const ports = container.ports.map(({ name }: Manifest) => name)
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(ports, probe).to.include(container[probe].httpGet.port)
    const volumes = [...template.spec.volumes, ...volumeClaimTemplates.map(({ metadata }: Manifest) => metadata)]
    expect(container.volumeMounts.map(({ name }: Manifest) => name).sort()).to.deep.equal(
      volumes.map(({ name }: Manifest) => name).sort(),
    )
    for (const { kind, spec } of manifests()) {
      if (kind === 'Service') {
        expect(spec.selector).to.deep.equal(template.metadata.labels)
        for (const { targetPort } of spec.ports) expect(ports).to.include(targetPort)
      }
      if (kind === 'PodDisruptionBudget') expect(spec.selector.matchLabels).to.deep.equal(template.metadata.labels)
      if (kind === 'NetworkPolicy')
        for (const { ports: open } of spec.ingress) for (const { port } of open) expect(ports).to.include(port)
    }
    expect(statefulSet().spec.serviceName).to.equal('esc-replicas')
  })

  it('starts a server that is ready: the arguments of the replicas', async function () {
    const [container] = statefulSet().spec.template.spec.containers
    const server = await start(container.args)
    if (server === undefined) return this.skip()
    await isReady(server)
    expect(server.url).to.match(/^https:/)
    expect(await server.stop()).to.equal(0)
    return undefined
  })

  it('starts a server that is ready: the command of the image', async function () {
    const [, words = '[]'] = /^CMD (\[.*\])$/m.exec(read('Dockerfile')) ?? []
    const server = await start(JSON.parse(words))
    if (server === undefined) return this.skip()
    await isReady(server)
    expect(await server.stop()).to.equal(0)
    return undefined
  })

  it('composes a server and its database', () => {
    const { services, volumes } = parse(read('compose.yaml'))
    expect(Object.keys(services)).to.deep.equal(['esc', 'database'])
    const used = Object.values(services).flatMap((service: Manifest) =>
      service.volumes.map((each: string) => each.split(':')[0]),
    )
    expect(used.sort()).to.deep.equal(Object.keys(volumes).sort())
    // Nobody but this machine reaches what has no TLS.
    expect(services.esc.ports).to.deep.equal(['127.0.0.1:8080:8080'])
    expect(read('Dockerfile')).to.include(`VOLUME ${services.esc.volumes[0].split(':')[1]}`)
    expect(services.database.ports).to.equal(undefined)
  })

  it('has a unit that systemd takes', function () {
    const analyze = findBinary('systemd-analyze')
    if (analyze === undefined) return skipped(this, 'systemd-analyze')
    const unit = read('systemd/esc.service')
    writeFileSync(join(scratch, 'esc.service'), unit.replaceAll('/usr/local/bin/esc', process.execPath))
    const said = execFileSync('sh', ['-c', '"$1" verify "$2" 2>&1', 'sh', analyze, join(scratch, 'esc.service')])
    expect(said.toString()).not.to.match(/esc\.service/)
    return undefined
  })
})
