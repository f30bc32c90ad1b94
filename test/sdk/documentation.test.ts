import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { transformSync } from 'esbuild'
import { packageRoot } from '../cli/commands/esc.ts'
import { Program } from '../end-to-end/program.ts'

const run = promisify(execFile)
const page = readFileSync(join(packageRoot, 'docs', 'sdk.md'), 'utf8')

/** The blocks of code in a section of the page. */
function blocksOf(section: string): readonly string[] {
  const [, text = ''] = page.split(`\n## ${section}\n`)
  return [...text.split('\n## ')[0]!.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, block]) => block!)
}

describe('what docs/sdk.md shows', function () {
  this.timeout(120_000)
  let program: Program
  beforeEach(function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    mkdirSync(join(program.folder, 'node_modules', '@gitesc'), { recursive: true })
    symlinkSync(packageRoot, join(program.folder, 'node_modules', '@gitesc', 'cli'))
  })
  afterEach(() => program?.remove())

  /** Runs a program in TypeScript, and returns what it printed on both streams. */
  async function printed(text: string): Promise<string> {
    const file = join(program.folder, 'program.mjs')
    writeFileSync(file, transformSync(text, { loader: 'ts' }).code)
    const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env
    const env = { ...inherited, ...program.env, NODE_OPTIONS: '' }
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: program.folder, env })
    return stdout + stderr
  }

  it('reads configuration, creates a secret, and passes both on', async () => {
    const received: (string | undefined)[] = []
    const server = createServer((request, response) => {
      received.push(request.headers.authorization)
      response.end()
    }).listen(0, '127.0.0.1')
    try {
      await new Promise((resolve) => server.once('listening', resolve))
      const service = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      const config = `{'app:name': shop, 'app:dbPassword': {fn::secret: hunter2-canary}, 'app:service': '${service}'}`
      await program.withEnvironment('app/dev', `values: {pulumiConfig: ${config}}\n`)
      const [listing, output] = blocksOf('Handling secrets: read, create, pass on')
      expect(await printed(listing!)).to.equal(output)
      const { url, token } = await program.open('app/dev', 'service')
      expect(url).to.equal('postgres://shop:hunter2-canary@localhost/shop')
      expect(received).to.deep.equal([`Bearer ${token}`])
      const definition = readFileSync(join(program.store, 'app', 'dev', 'environment.yaml'), 'utf8')
      expect(definition).not.to.include('canary').and.not.to.include(token)
    } finally {
      server.close()
    }
  })

  it('makes secrets of Pulumi of ours, and prints none', async function () {
    const packages = process.env.ESC_TEST_PULUMI
    if (packages === undefined || !existsSync(join(packages, '@pulumi', 'pulumi'))) {
      console.log('      skipped: ESC_TEST_PULUMI names no node_modules with @pulumi/pulumi, as .ci/run installs it')
      return this.skip()
    }
    symlinkSync(join(packages, '@pulumi'), join(program.folder, 'node_modules', '@pulumi'))
    const config = '{aws:region: eu-west-1, app:token: {fn::secret: t0ken-canary}, app:pair: {fn::secret: pAir-canary}}'
    await program.withEnvironment(
      'app/dev',
      `values: {pulumiConfig: ${config}, list: [1, {fn::secret: lIst-canary}]}\n`,
    )
    const [adapter] = blocksOf('In a Pulumi program')
    const said = await printed(
      `${adapter}
       import { Config, interpolate, openStore, secret, useEnvironment } from '@gitesc/cli'
       const sent = []
       await pulumi.runtime.setMocks({
         newResource: ({ name, inputs }) => ({ id: name + '-id', state: inputs }),
         call: ({ inputs }) => inputs,
       }, 'shop', 'dev')
       const monitor = pulumi.runtime.getMonitor()
       const register = monitor.registerResource.bind(monitor)
       monitor.registerResource = (request, ...rest) => {
         sent.push([request.getName(), request.getObject().toJavaScript()])
         return register(request, ...rest)
       }
       class Parameter extends pulumi.CustomResource {
         constructor(name, value) { super('test:index:Parameter', name, { value }) }
       }
       const env = await (await openStore()).open('app/dev')
       useEnvironment(env)
       const config = new Config('app')
       const made = {
         token: toPulumi(config.requireSecret('token')),
         url: toPulumi(interpolate\`https://x/\${config.requireSecret('pair')}\`),
         list: toPulumi(env.get('list')),
         created: toPulumi(secret('crEated-canary')),
         region: toPulumi(config.get('aws:region')),
       }
       for (const [name, value] of Object.entries(made)) {
         console.log(name, await pulumi.isSecret(value), value, [value], { value }, JSON.stringify(Object.keys(value)))
         new Parameter(name, value)
       }
       await pulumi.runtime.disconnect?.()
       await new Promise((resolve) => setTimeout(resolve, 300))
       const { writeFileSync } = await import('node:fs')
       writeFileSync('sent.json', JSON.stringify(Object.fromEntries(sent.filter(([name]) => name in made))))
       process.exit(0)`,
    )
    expect(said)
      .to.match(/^token true/m)
      .and.match(/^url true/m)
      .and.match(/^list true/m)
      .and.match(/^created true/m)
    expect(said).to.match(/^region false/m)

    expect(said).not.to.include('canary')
    // Its types hold.
    writeFileSync(
      join(program.folder, 'types.mts'),
      `${adapter}
      import { Config, Secret, secret } from '@gitesc/cli'
      export const x: pulumi.Output<string> = toPulumi(new Config('a').requireSecret('b'))
      export const y: pulumi.Output<number> = toPulumi(secret('x').apply((text) => text.length))
      export const z: pulumi.Output<{ a: string }> = toPulumi({ a: new Secret('x' as string) })
      // @ts-expect-error a text is no number
      export const n: pulumi.Output<number> = toPulumi(secret('x' as string))`,
    )
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: 'node16',
      target: 'es2022',
      skipLibCheck: true,
      types: [],
    }
    writeFileSync(join(program.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.mts'] }))
    const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout } = await run(process.execPath, [tsc, '-p', program.folder]).catch((error) => error)
    expect(stdout).to.equal('')
    // A secret that cannot be made ends the program, as any failed output does in Pulumi.
    const failing = `${adapter}
      import { secret } from '@gitesc/cli'
      toPulumi(secret('t0ken-canary').apply((text) => { throw new Error(text) }))`
    const ended = await printed(failing).catch(({ stdout, stderr }) => stdout + stderr)
    expect(ended).to.include('HiddenError').and.not.to.include('canary')
    // As Pulumi sends them to its engine, which encrypts what is marked so.
    const marked = (value: unknown) => ({
      '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
      value,
    })
    const sent = JSON.parse(readFileSync(join(program.folder, 'sent.json'), 'utf8'))
    expect(sent).to.deep.equal({
      token: { value: marked('t0ken-canary') },
      url: { value: marked('https://x/pAir-canary') },
      list: { value: marked([1, 'lIst-canary']) },
      created: { value: marked('crEated-canary') },
      region: { value: 'eu-west-1' },
    })
  })
})
