import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ownScript } from '../sources.ts'
import { DroppedConnection, type FakeCall, FakeIam, type FakeIamOptions, type FakeKey } from './iam.ts'

/**
 * What to do at one call: cut the connection, never answer, or first kill a process (SIGKILL) and
 * then cut.
 */
export interface IamRule {
  readonly action: string
  readonly when: 'before' | 'after'
  /** The how-manieth call of that action from now on; default 1. */
  readonly nth?: number
  readonly effect: 'drop' | 'hang' | 'kill'
  readonly pid?: number
}

export interface IamUserSetup {
  readonly arn: string
  readonly allowed?: readonly string[]
  /** How many keys it has to begin with; default none. */
  readonly keys?: number
}

export interface IamServerState {
  readonly users: readonly { readonly arn: string; readonly keys: readonly FakeKey[] }[]
  readonly calls: readonly FakeCall[]
  /** Rules that have taken effect. */
  readonly reached: readonly IamRule[]
}

/**
 * The fake in a process of its own, for tests that wait for the command line synchronously or kill
 * it.
 */
export interface IamServer {
  /** For the environment of the command line. */
  readonly env: { readonly AWS_ENDPOINT_URL_IAM: string; readonly AWS_ENDPOINT_URL_STS: string }
  state(): Promise<IamServerState>
  addRule(rule: IamRule): Promise<void>
  /** Makes a key by hand, as somebody else would. */
  addKey(arn: string): Promise<FakeKey>
  removeKey(arn: string, accessKeyId: string): Promise<void>
  stop(): Promise<void>
}

export interface IamServerOptions extends FakeIamOptions {
  readonly users: readonly IamUserSetup[]
}

export async function startIamServer(options: IamServerOptions): Promise<IamServer> {
  const { path, execArgv } = ownScript('./iam-server.ts', import.meta.url)
  const child = spawn(process.execPath, [...execArgv, path, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { url, control } = await firstLine(child)
  const ask = async (path: string, body?: object) => {
    const answer = await fetch(`${control}${path}`, { method: 'POST', body: JSON.stringify(body ?? {}) })
    return answer.json()
  }
  return {
    env: { AWS_ENDPOINT_URL_IAM: url, AWS_ENDPOINT_URL_STS: url },
    state: () => ask('/state') as Promise<IamServerState>,
    addRule: async (rule) => void (await ask('/rule', rule)),
    addKey: (arn) => ask('/add-key', { arn }) as Promise<FakeKey>,
    removeKey: async (arn, accessKeyId) => void (await ask('/remove-key', { arn, accessKeyId })),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.stdin!.end()
      await ended
    },
  }
}

async function firstLine(child: ChildProcess): Promise<{ url: string; control: string }> {
  for await (const line of createInterface({ input: child.stdout! })) return JSON.parse(line)
  throw new Error('the fake IAM ended before it began')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(JSON.parse(process.argv[2]!))

async function serve({ users, ...options }: IamServerOptions): Promise<void> {
  const iam = await new FakeIam(options).start()
  for (const { arn, allowed, keys = 0 } of users) {
    const user = iam.addUser(arn, allowed)
    for (let count = 0; count < keys; count++) iam.addKey(user)
  }
  const waiting: { rule: IamRule; left: number }[] = []
  const reached: IamRule[] = []
  const apply = (when: IamRule['when']) => async (call: FakeCall) => {
    for (const each of waiting) {
      if (each.rule.action !== call.action || each.rule.when !== when || --each.left !== 0) continue
      reached.push(each.rule)
      if (each.rule.effect === 'hang') await new Promise(() => {})
      if (each.rule.effect === 'kill') process.kill(each.rule.pid!, 'SIGKILL')
      throw new DroppedConnection()
    }
  }
  iam.hooks = { before: apply('before'), after: apply('after') }

  const routes: Record<string, (body: never) => unknown> = {
    '/state': () => ({
      users: [...iam.users.values()].map(({ arn, keys }) => ({ arn, keys })),
      calls: iam.calls,
      reached,
    }),
    '/rule': (rule: IamRule) => waiting.push({ rule, left: rule.nth ?? 1 }),
    '/add-key': ({ arn }: { arn: string }) => iam.addKey(iam.users.get(arn)!),
    '/remove-key': ({ arn, accessKeyId }: { arn: string; accessKeyId: string }) =>
      iam.removeKey(iam.users.get(arn)!, accessKeyId) ?? null,
  }
  const control = createServer(async (request, response) => {
    response.end(JSON.stringify(routes[request.url!]!(JSON.parse(await textOf(request)) as never)))
  })
  await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve))
  const { port } = control.address() as AddressInfo
  console.log(JSON.stringify({ url: iam.url, control: `http://127.0.0.1:${port}` }))
  // Ends with whoever started it, however that ends.
  process.stdin.on('end', () => process.exit()).resume()
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
