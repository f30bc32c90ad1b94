import type { LeaverPlan } from '../../workspace/index.ts'
import EnvRotate from '../env/rotate.ts'
import { type CommandClass, parseInput } from './command.ts'
import type { Host } from './host.ts'
import { reportError } from './report-error.ts'

/** Rotates what an environment holds, with its own lines on standard error. Returns the exit code. */
export async function rotateExposed(io: Host, name: string, store: string): Promise<number> {
  const input = parseInput(EnvRotate as unknown as CommandClass, [name, '--store', store])
  const command = new EnvRotate(input as ConstructorParameters<typeof EnvRotate>[0], io)
  try {
    const result = await command.run()
    io.err(command.text(result))
    return command.exitCode(result)
  } catch (error) {
    io.err(`${name}: `)
    return reportError(error, io, 'text')
  }
}

/** What those may know who could open some environments, and what can be done about it. */
export function exposedText(environments: LeaverPlan['known'], rotated: ReadonlySet<string>): string {
  return secretsText(environments, rotated) + webhooksText(environments)
}

function secretsText(environments: LeaverPlan['known'], rotated: ReadonlySet<string>): string {
  const known = environments.filter(({ exposed }) => exposed.rotators.length + exposed.secrets.length > 0)
  if (known.length === 0) return ''
  let text =
    '\nWho had the former key may know these secrets, and those of earlier revisions that are still in use. Change them where they come from:\n'
  for (const { name, exposed } of known) {
    for (const path of exposed.secrets) text += `  ${name}: ${path}\n`
    for (const { path, rotator } of exposed.rotators) {
      text += `  ${name}: ${path} (${rotator}: ${rotated.has(name) ? 'rotated; its former credential ends with the next rotation' : 'can be rotated'})\n`
    }
  }
  const left = known.filter(({ name, exposed }) => exposed.rotators.length > 0 && !rotated.has(name))
  if (left.length > 0)
    text += `Rotate what can be rotated, twice so that no former credential is left: ${left.map(({ name }) => `"esc env rotate ${name}"`).join(', ')}\n`
  return text
}

function webhooksText(environments: LeaverPlan['known']): string {
  const known = environments.filter(({ exposed }) => exposed.webhooks.length > 0)
  if (known.length === 0) return ''
  let text = '\nThey also know what these webhooks keep secret. Renew it at the receiver, then here:\n'
  for (const { name, exposed } of known) {
    for (const { name: hook, displayName, url, secret, secretUrl, headers = [] } of exposed.webhooks) {
      const known = [secret && 'its secret', secretUrl && 'its URL', ...headers.map((each) => `its header ${each}`)]
      const what = known.filter(Boolean).join(' and ')
      const renewed = headers.map((each) => `--header '${each}: <new value>'`)
      const flags = [secretUrl && '--url <new URL>', secret && '--secret -', ...renewed].filter(Boolean).join(' ')
      text += `  ${name}: ${hook} (${displayName}, ${url}): ${what}: "esc env webhook edit ${name} ${hook} ${flags}"\n`
    }
  }
  return text
}
